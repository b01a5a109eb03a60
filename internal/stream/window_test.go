package stream_test

import (
	"bytes"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// far is a sender and a receiver with a long way between them, on which any number of frames are under way.
type far struct {
	out *stream.Sender
	in  *stream.Receiver

	there, back *way
	ways        sync.WaitGroup

	mu   sync.Mutex
	sent int // guarded by mu; bytes of items
	read int // guarded by mu
	most int // guarded by mu; bytes that were under way or waited, at most since it was looked at last
}

// way carries what is put on it, in order and each so long.
type way struct {
	delay time.Duration
	queue chan arrival
}

type arrival struct {
	at time.Time
	do func()
}

func newWay(delay time.Duration, over *sync.WaitGroup) *way {
	w := &way{delay, make(chan arrival, 100_000)}
	over.Go(func() {
		for one := range w.queue {
			time.Sleep(time.Until(one.at))
			one.do()
		}
	})
	return w
}

func (w *way) carry(do func()) { w.queue <- arrival{time.Now().Add(w.delay), do} }

// newFar returns one of whose way each direction takes so long.
func newFar(pool *stream.Pool, delay time.Duration) *far {
	f := new(far)
	f.there, f.back = newWay(delay, &f.ways), newWay(delay, &f.ways)
	f.in = stream.NewReceiver(pool, bounds, func(credit wire.Credit) { f.back.carry(func() { f.out.Grant(credit) }) })
	f.out = stream.NewSender(f.in.Open(), func(items wire.Items) {
		items.Data = bytes.Clone(items.Data)
		f.leave(items)
	}, func(account wire.Account) { f.there.carry(func() { f.in.Account(account) }) })
	return f
}

func (f *far) leave(items wire.Items) {
	f.mu.Lock()
	f.sent += len(items.Data)
	f.most = max(f.most, f.sent-f.read)
	f.mu.Unlock()
	f.there.carry(func() { f.in.Arrive(items) })
}

// sendAll sends so many items, with a pause before each, and then their end.
func (f *far) sendAll(item []byte, count int, pause time.Duration) {
	for range count {
		time.Sleep(pause)
		sent := false
		if len(item) < stream.Large {
			sent = f.out.Send(item, wire.UsualPayload)
		} else {
			sent = f.out.SendLarge(item, func(one wire.Items) { one.Data = item; f.leave(one) })
		}
		if !sent {
			break
		}
	}
	left := f.out.Close()
	f.there.carry(func() { f.in.End(left, nil) })
	close(f.there.queue)
}

// readAll reads all items, each for as long as pause says, and returns how many there were.
func (f *far) readAll(t *testing.T, pause func(item int) time.Duration) (count int) {
	items := stream.NewItems(f.in)
	for {
		r, err := items.Next()
		if err != nil {
			t.Error(err)
		}
		if r == nil {
			f.in.Close()
			close(f.back.queue)
			f.ways.Wait()
			return count
		}
		before := r.Offset()
		if err := r.Skip(); err != nil {
			t.Error(err)
		}
		time.Sleep(pause(count))
		f.mu.Lock()
		f.read += r.Offset() - before
		f.mu.Unlock()
		count++
	}
}

// waited returns how much was under way or waited at most since it was asked last.
func (f *far) waited() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	most := f.most
	f.most = f.sent - f.read
	return most
}

func atOnce(int) time.Duration { return 0 }

// sizes are those of items, in bytes, that fill a window in different ways.
var sizes = map[string]int{"tiny items": 2, "small items": 500, "large items": 64 << 10, "items larger than a window": 300_000}

func TestAWindowGrowsToWhatALongWayCarries(t *testing.T) {
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := new(stream.Pool)
				f := newFar(pool, 50*time.Millisecond)
				item := encode(make([]byte, size))
				count := 4 * stream.MaxWindow / max(len(item), stream.Window/stream.WindowItems)
				began := time.Now()
				go f.sendAll(item, count, 0)
				if got := f.readAll(t, atOnce); got != count {
					t.Errorf("%d items came, want %d", got, count)
				}
				// With a window of 256 KiB it would be 6 s.
				if took := time.Since(began); took > 4*time.Second {
					t.Errorf("%d items took %v, want less", count, took)
				}
				if most := f.waited(); most > stream.MaxWindow+len(item) {
					t.Errorf("%d bytes were under way, want at most %d", most, stream.MaxWindow)
				}
				if left := pool.Taken(); left != 0 {
					t.Errorf("%d bytes of credit aren't given back", left)
				}
			})
		})
	}
}

func TestAWindowDoesNotGrowForASlowReader(t *testing.T) {
	for name, size := range sizes {
		for way, delay := range map[string]time.Duration{"near": 0, "far": 50 * time.Millisecond} {
			t.Run(name+", "+way, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFar(new(stream.Pool), delay)
					item := encode(make([]byte, size))
					count := 15 * stream.Window / max(len(item), stream.Window/stream.WindowItems)
					// It takes a second for what would fill a window, and for one item at least.
					pause := max(time.Second/4, time.Second*time.Duration(len(item))/stream.Window)
					if size < 1000 {
						pause = time.Second / stream.WindowItems * 16
					}
					go f.sendAll(item, count, 0)
					f.readAll(t, func(int) time.Duration { return pause })
					if most, limit := f.waited(), stream.Window+len(item); most > limit {
						t.Errorf("%d bytes waited, want at most %d", most, limit)
					}
				})
			})
		}
	}
}

func TestAWindowDoesNotGrowForASlowWriter(t *testing.T) {
	for name, size := range sizes {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool := new(stream.Pool)
				f := newFar(pool, 50*time.Millisecond)
				item := encode(make([]byte, size))
				go f.sendAll(item, 1000, time.Second)
				taken := 0
				f.readAll(t, func(int) time.Duration { taken = max(taken, pool.Taken()); return 0 })
				if taken > stream.Window+len(item) {
					t.Errorf("the stream had %d bytes of credit, want at most %d", taken, stream.Window)
				}
			})
		})
	}
}

func TestAWindowThatHasGrownShrinksWhenTheReaderBecomesSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFar(new(stream.Pool), 50*time.Millisecond)
		item := encode(make([]byte, 64<<10))
		const quick, slow = 1000, 500
		go f.sendAll(item, quick+slow, 0)
		grown, most := 0, 0
		f.readAll(t, func(i int) time.Duration {
			switch {
			case i < quick:
				return 0
			case i == quick:
				grown = f.waited()
			case i == quick+slow/2:
				f.waited()
			case i == quick+slow-10:
				most = f.waited()
			}
			return 500 * time.Millisecond
		})
		if grown < stream.MaxWindow/2 {
			t.Errorf("the window had grown to %d bytes, want %d", grown, stream.MaxWindow)
		}
		if limit := stream.Window + stream.Window/2 + len(item); most > limit {
			t.Errorf("%d bytes waited for the slow reader, want at most %d", most, limit)
		}
	})
}

func TestWindowsThatGrowStayWithinTheCreditOfTheirConnection(t *testing.T) {
	for _, streams := range []int{2, 20, 300} {
		synctest.Test(t, func(t *testing.T) {
			pool := new(stream.Pool)
			item := encode(make([]byte, 10_000))
			var all sync.WaitGroup
			var mu sync.Mutex
			taken := 0 // at most
			for range streams {
				f := newFar(pool, 50*time.Millisecond)
				count := 2 * stream.PoolSize / streams / len(item)
				all.Go(func() { f.sendAll(item, count, 0) })
				all.Go(func() {
					got := f.readAll(t, func(int) time.Duration {
						mu.Lock()
						defer mu.Unlock()
						taken = max(taken, pool.Taken())
						return 0
					})
					if got != count {
						t.Errorf("%d items came, want %d", got, count)
					}
				})
			}
			began := time.Now()
			all.Wait()
			if taken > stream.PoolSize {
				t.Errorf("%d streams had %d bytes of credit together, want at most %d", streams, taken, stream.PoolSize)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("%d streams took %v", streams, took)
			}
			if left := pool.Taken(); left != 0 {
				t.Errorf("%d bytes of credit aren't given back", left)
			}
		})
	}
}
