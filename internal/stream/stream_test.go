package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// pair is a sender and the receiver that it leads to, with a way between that takes some time.
type pair struct {
	out    *stream.Sender
	in     *stream.Receiver
	pool   *stream.Pool
	mu     sync.Mutex
	frames []wire.Items // guarded by mu; that were under way, without their data
	most   int          // guarded by mu; bytes that were under way or waited, at most
	sent   int          // guarded by mu
	read   int          // guarded by mu
}

// bounds are those of items in parts.
func bounds() stream.Bounds {
	return stream.Bounds{Most: 8 << 20, TooLarge: helium.ErrTooLarge, NoRoom: helium.ErrOverloaded, See: "the test"}
}

func newPair(took time.Duration) *pair {
	p := &pair{pool: new(stream.Pool)}
	p.in = stream.NewReceiver(p.pool, bounds, func(credit wire.Credit) { p.out.Grant(credit) })
	p.out = stream.NewSender(p.in.Open(), func(items wire.Items) { p.carry(items, took) }, p.account)
	return p
}

// account carries an account to the receiver, from which a lost credit comes back.
func (p *pair) account(a wire.Account) {
	if credit, lost := p.in.Account(a); lost {
		p.out.Grant(credit)
	}
}

// carry carries items to the receiver.
func (p *pair) carry(items wire.Items, took time.Duration) {
	items.Data = bytes.Clone(items.Data)
	time.Sleep(took)
	p.mu.Lock()
	p.frames = append(p.frames, wire.Items{Before: items.Before, Count: items.Count})
	p.sent += len(items.Data)
	p.most = max(p.most, p.sent-p.read)
	p.mu.Unlock()
	p.in.Arrive(items)
}

// send sends an item as those who know its size do.
func (p *pair) send(item []byte) bool {
	if len(item) < stream.Large {
		return p.out.Send(item, wire.UsualPayload)
	}
	return p.out.SendLarge(item, func(one wire.Items) { one.Data = item; p.carry(one, 0) })
}

// readAll reads all items, with a pause before each, and says how they ended.
func (p *pair) readAll(pause time.Duration) (all []any, err error) {
	items := stream.NewItems(p.in)
	for {
		r, err := items.Next()
		if r == nil {
			return all, err
		}
		time.Sleep(pause)
		before := r.Offset()
		var v any
		if err := r.Value(&v); err != nil {
			return all, err
		}
		p.mu.Lock()
		p.read += r.Offset() - before
		p.mu.Unlock()
		all = append(all, v)
	}
}

func encode(v any) []byte {
	var w codec.Writer
	w.Value(v)
	return w.Bytes()
}

// sendAll sends values and then the end.
func (p *pair) sendAll(values []any) {
	for _, v := range values {
		if !p.send(encode(v)) {
			return
		}
	}
	p.in.End(p.out.Close(), nil)
}

func many(n int) (values []any) {
	for i := range n {
		values = append(values, int64(i))
	}
	return values
}

func TestItemsArriveOnceAndInOrder(t *testing.T) {
	large := bytes.Repeat([]byte("x"), 100_000)
	mixed := many(300)
	for i := range mixed {
		if i%7 == 0 {
			mixed[i] = large[:rand.IntN(len(large))]
		}
	}
	for name, values := range map[string][]any{"none": nil, "one": many(1), "small ones": many(100_000), "all sizes": mixed, "large ones": {large, large, large, large}} {
		t.Run(name, func(t *testing.T) {
			p := newPair(0)
			go p.sendAll(values)
			got, err := p.readAll(0)
			if err != nil || len(got) != len(values) {
				t.Fatalf("got %d items, %v; want %d", len(got), err, len(values))
			}
			for i := range got {
				if fmt.Sprint(got[i]) != fmt.Sprint(values[i]) {
					t.Fatalf("item %d is %.50v, want %.50v", i, got[i], values[i])
				}
			}
			p.in.Close()
			if left := p.pool.Taken(); left != 0 {
				t.Errorf("%d bytes of credit aren't given back", left)
			}
		})
	}
}

func TestALoneItemLeavesAtOnceAndThoseThatWaitLeaveTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(time.Second) // for each frame
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			if got, err := p.readAll(0); len(got) != 1001 || err != nil {
				t.Errorf("got %d items, %v; want 1001", len(got), err)
			}
		}()
		p.out.Send(encode(0), wire.UsualPayload)
		synctest.Wait() // the frame of the first item is under way
		p.sendAll(many(1000))
		<-done
		if took := time.Since(began); took != 2*time.Second || len(p.frames) != 2 || p.frames[0].Count != 1 || p.frames[1].Count != 1000 {
			t.Errorf("%d frames %v in %v; want two, of 1 and of 1000 items, in 2 s", len(p.frames), p.frames, took)
		}
	})
}

func TestASlowReaderSlowsTheWriterAndNothingPilesUp(t *testing.T) {
	for name, size := range map[string]int{"small items": 5, "large items": 40_000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(0)
				values := slices.Repeat([]any{bytes.Repeat([]byte("x"), size)}, 4*stream.Window/size)
				go p.sendAll(values)
				if got, err := p.readAll(time.Second); len(got) != len(values) || err != nil {
					t.Errorf("got %d items, %v; want %d", len(got), err, len(values))
				}
				if limit := stream.Window + size + 5; p.most > limit {
					t.Errorf("%d bytes waited, want at most %d", p.most, limit)
				}
			})
		})
	}
}

func TestAnItemLargerThanTheWindowLeavesAsLongAsThereIsAnyCredit(t *testing.T) {
	p := newPair(0)
	values := slices.Repeat([]any{bytes.Repeat([]byte("x"), 3*stream.Window)}, 5)
	go p.sendAll(values)
	if got, err := p.readAll(0); len(got) != 5 || err != nil {
		t.Errorf("got %d items, %v; want 5", len(got), err)
	}
}

func TestManyStreamsShareTheCreditOfAConnectionAndAllMove(t *testing.T) {
	const streams, each = 3000, 100
	pool := new(stream.Pool)
	var pairs []*pair
	for range streams {
		p := &pair{pool: pool}
		p.in = stream.NewReceiver(pool, bounds, func(credit wire.Credit) { p.out.Grant(credit) })
		p.out = stream.NewSender(p.in.Open(), func(items wire.Items) {
			items.Data = bytes.Clone(items.Data)
			p.in.Arrive(items)
		}, p.account)
		pairs = append(pairs, p)
	}
	if taken := pool.Taken(); taken > stream.PoolSize {
		t.Errorf("%d streams have %d bytes of credit, want at most %d", streams, taken, stream.PoolSize)
	}
	var all sync.WaitGroup
	for _, p := range pairs {
		all.Go(func() { p.sendAll(slices.Repeat([]any{make([]byte, 1000)}, each)) })
		all.Go(func() {
			if got, err := p.readAll(0); len(got) != each || err != nil {
				t.Errorf("got %d items, %v; want %d", len(got), err, each)
			}
			p.in.Close()
		})
	}
	all.Wait()
	if left := pool.Taken(); left != 0 {
		t.Errorf("%d bytes of credit aren't given back", left)
	}
}

func TestLostAndDoubledItemsAreToldBehindThoseBefore(t *testing.T) {
	frame := func(before, count uint64) wire.Items {
		return wire.Items{Before: before, Count: count, Data: bytes.Repeat([]byte{1}, int(count))}
	}
	for name, c := range map[string]struct {
		frames []wire.Items
		end    uint64
		says   string
		items  int
	}{
		"lost at the beginning": {[]wire.Items{frame(2, 1)}, 3, "items 1 to 2 of the stream got lost", 0},
		"lost in the middle":    {[]wire.Items{frame(0, 3), frame(4, 1)}, 5, "items 4 to 4 of the stream got lost", 3},
		"lost at the end":       {[]wire.Items{frame(0, 3)}, 5, "items 4 to 5 of the stream got lost", 3},
		"twice":                 {[]wire.Items{frame(0, 3), frame(0, 3)}, 3, "items 1 to 3 of the stream came twice", 3},
		"more than were sent":   {[]wire.Items{frame(0, 3)}, 1, "items 2 to 3 of the stream came twice", 3},
	} {
		p := &pair{pool: new(stream.Pool)}
		p.in = stream.NewReceiver(p.pool, bounds, func(wire.Credit) {})
		p.in.Open()
		for _, f := range c.frames {
			p.in.Arrive(f)
		}
		p.in.End(c.end, nil)
		got, err := p.readAll(0)
		if e := helium.AsError(err); len(got) != c.items || !errors.Is(err, helium.ErrStreamGap) || e.Code != helium.CodeDataLoss || e.Message != c.says {
			t.Errorf("%s: got %d items, %v; want %d, ErrStreamGap: %s", name, len(got), err, c.items, c.says)
		}
	}
}

func TestWhoSendsMoreThanItMayIsCutOff(t *testing.T) {
	for name, send := range map[string]func(p *pair, given wire.Credit){
		"bytes": func(p *pair, given wire.Credit) {
			p.in.Arrive(wire.Items{Count: 1, Data: make([]byte, given.Bytes)})
			p.in.Arrive(wire.Items{Before: 1, Count: 1, Data: make([]byte, 1)})
		},
		"items": func(p *pair, given wire.Credit) {
			p.in.Arrive(wire.Items{Count: given.Items + 1, Data: make([]byte, given.Items+1)})
		},
	} {
		p := &pair{pool: new(stream.Pool)}
		p.in = stream.NewReceiver(p.pool, bounds, func(wire.Credit) {})
		send(p, p.in.Open())
		for {
			chunk, err := p.in.Next()
			if chunk.Count > 0 {
				continue
			}
			if !errors.Is(err, helium.ErrBadMessage) {
				t.Errorf("%s: the stream ended with %v, want ErrBadMessage", name, err)
			}
			break
		}
	}
}

func TestWhatEndsAStreamEndsAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("why")
		out := stream.NewSender(wire.Credit{}, func(wire.Items) { t.Error("items left without credit") }, func(wire.Account) {})
		in := stream.NewReceiver(new(stream.Pool), bounds, func(wire.Credit) {})
		go func() {
			if out.Send(encode(1), wire.UsualPayload) {
				t.Error("Send returned true, want false")
			}
			if out.SendLarge(make([]byte, stream.Large), func(wire.Items) { t.Error("a large item left") }) {
				t.Error("SendLarge returned true, want false")
			}
		}()
		go func() {
			if _, err := in.Next(); err != why {
				t.Errorf("Next returned %v, want %v", err, why)
			}
		}()
		synctest.Wait()
		out.Stop()
		in.Abort(why)
		synctest.Wait()
		if out.Send(encode(1), wire.UsualPayload) || out.Close() != 0 {
			t.Error("an item was taken after the end")
		}
	})
}
