package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// outage loses for a while what a connection publishes, from the nth message on.
type outage struct {
	of, prefix string
	lasts      time.Duration

	mu   sync.Mutex
	nth  int       // guarded by mu; how many messages are to go before; negative: all go
	from time.Time // guarded by mu; zero: it hasn't begun
	lost int       // guarded by mu; how many messages were
}

func (o *outage) loses(name, subject string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.nth < 0 || name != o.of || !strings.HasPrefix(subject, o.prefix):
		return false
	case o.nth > 0:
		o.nth--
		return false
	case o.from.IsZero():
		o.from = time.Now()
	case time.Since(o.from) > o.lasts:
		return false
	}
	o.lost++
	return true
}

// arm has messages get lost behind so many more.
func (o *outage) arm(nth int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nth, o.from, o.lost = nth, time.Time{}, 0
}

// disarm returns how many messages got lost.
func (o *outage) disarm() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.nth = -1
	return o.lost
}

// given gives so many values, and then nothing for a while.
func given[T any](value T, count int, then time.Duration) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for range count {
			if !yield(value, nil) {
				return
			}
		}
		time.Sleep(then)
	}
}

// took counts what a stream gives, and takes so long for each.
func took[T any](items iter.Seq2[T, error], pause time.Duration) (count int, err error) {
	for _, err := range items {
		if err != nil {
			return count, err
		}
		time.Sleep(pause)
		count++
	}
	return count, nil
}

func TestAStreamOfWhichMessagesGetLostInSilenceEndsOnBothSidesOrGoesOn(t *testing.T) {
	streams := map[string]struct {
		items int
		run   func(ctx context.Context, c *rpcclient.Client) (int, error)
	}{
		"items that come": {2000, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.blobs", 1000, 2000), 0)
		}},
		"to a slow reader": {40, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.blobs", 64<<10, 40), 300*time.Millisecond)
		}},
		"huge items that come": {3, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.blobs", 2<<20, 3), 0)
		}},
		"items that are sent": {7, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return rpcclient.Call[int](ctx, c, "work.last", given(7, 60_000, 0))
		}},
		"few and then none": {7, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return rpcclient.Call[int](ctx, c, "work.last", given(7, 3, 8*time.Second))
		}},
		"that a slow one takes": {9, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return rpcclient.Call[int](ctx, c, "work.sip", given(make([]byte, 100<<10), 9, 0))
		}},
		"there and back": {900, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.echo", given(make([]byte, 1000), 900, 0)), 0)
		}},
		"huge, there and back": {2, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.echo", given(make([]byte, 2<<20), 2, 0)), 0)
		}},
		"large arguments": {1, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[int](ctx, c, "work.weigh", make([]byte, 2<<20)), 0)
		}},
		"large arguments beside items": {2<<20 + 3, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return rpcclient.Call[int](ctx, c, "work.load", make([]byte, 2<<20), given(7, 3, 0))
		}},
		"a large result": {2 << 20, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			got, err := rpcclient.Call[[]byte](ctx, c, "work.print", 2<<20, given(7, 3, 0))
			return len(got), err
		}},
		"one back, then none": {1, func(ctx context.Context, c *rpcclient.Client) (int, error) {
			return took(rpcclient.Stream[[]byte](ctx, c, "work.echo", given(make([]byte, 10), 1, 8*time.Second)), 0)
		}},
	}
	for side, prefix := range map[string]string{"server": "_INBOX.", "client": "helium.ctl."} {
		for kind, s := range streams {
			t.Run(kind+", lost by the "+side, func(t *testing.T) {
				inFakeTime(t, func(w *world) {
					o := &outage{of: side, prefix: prefix, lasts: 300 * time.Millisecond, nth: -1}
					w.bus.Loses = o.loses
					_, srv := w.serve("server", rpcserver.Config{})
					c := w.client(rpcclient.Config{Timeout: 4 * time.Second})
					if _, err := rpcclient.Call[string](context.Background(), c, "work.who", "x"); err != nil { // who is known by now
						t.Fatal(err)
					}
					gaps, whole := 0, 0
					for _, nth := range []int{0, 1, 2, 3, 5, 8, 13} {
						o.arm(nth)
						began := time.Now()
						ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // only one that hangs lasts as long
						got, err := s.run(ctx, c)
						cancel()
						lasted := time.Since(began)
						lost := o.disarm()
						what := fmt.Sprintf("%d messages lost from number %d on: it had %d items, %v, after %v", lost, nth+1, got, err, lasted)
						switch {
						case err == nil && got == s.items:
							whole++
						case lost > 0 && errors.Is(err, helium.ErrStreamGap):
							gaps++
						case lost > 0 && (errors.Is(err, helium.ErrSilent) || got == 0 && errors.Is(err, helium.ErrDeadline)): // that it has begun may be what got lost
						default:
							t.Errorf("%s; want all items, ErrStreamGap, ErrSilent, or ErrDeadline of one that didn't begin", what)
						}
						if most := 25 * time.Second; lasted > most {
							t.Errorf("%s, want at most %v", what, most)
						}
						for end := time.Now().Add(12 * time.Second); srv.Stats().Streams > 0 && time.Now().Before(end); {
							time.Sleep(100 * time.Millisecond)
						}
						if n, inFlight := srv.Stats().Streams, c.Stats().InFlight; n > 0 || inFlight > 0 {
							t.Fatalf("%s; then %d streams run at the server and %d calls are in flight, want none", what, n, inFlight)
						}
					}
					t.Logf("%d ended with a gap, %d had all their items", gaps, whole)
				})
			})
		}
	}
}

func TestAWriterWhoseReaderTakesNothingForHoursWaitsAndSaysLittle(t *testing.T) {
	const pause, items = 20 * time.Minute, 100
	inFakeTime(t, func(w *world) {
		_, srv := w.serve("server", rpcserver.Config{})
		c := w.client(rpcclient.Config{})
		said := func() uint64 { return srv.Stats().MessagesSent }
		read := 0
		var before uint64
		for _, err := range rpcclient.Stream[[]byte](context.Background(), c, "work.blobs", 64<<10, items) {
			if err != nil {
				t.Fatalf("after %d items: %v", read, err)
			}
			switch read++; read {
			case 1:
				time.Sleep(time.Minute)
				before = said()
				time.Sleep(pause)
				if got, most := said()-before, uint64(pause/(8*time.Second)); got > most+1 {
					t.Errorf("in %v there were %d messages of the server's to who takes nothing, want at most %d", pause, got, most)
				}
			case items / 2:
				time.Sleep(pause)
			}
		}
		if read != items {
			t.Errorf("%d items came, want %d", read, items)
		}
		for range rpcclient.Stream[int](context.Background(), c, "work.tick") {
			break
		}
		last := given(7, 1, pause)
		sent := c.Stats().ItemsSent
		if got, err := rpcclient.Call[int](context.Background(), c, "work.last", last); got != 7 || err != nil || c.Stats().ItemsSent != sent+1 {
			t.Errorf("one item and then nothing for %v: %d, %v; want 7", pause, got, err)
		}
	})
}

func TestAnInstanceGivesUpAStreamWhoseLargeArgumentsDoNotCome(t *testing.T) {
	inFakeTime(t, func(w *world) {
		o := &outage{of: "client", prefix: "helium.ctl.", lasts: time.Hour}
		w.bus.Loses = o.loses
		_, srv := w.serve("server", rpcserver.Config{})
		c := w.client(rpcclient.Config{})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
		defer cancel()
		for nth := range 2 { // nothing comes, or a part
			if nth > 0 {
				o.arm(nth)
			}
			began := time.Now()
			_, err := took(rpcclient.Stream[int](ctx, c, "work.weigh", make([]byte, 2<<20)), 0)
			if lasted := time.Since(began); !errors.Is(err, helium.ErrStreamGap) || helium.OutcomeOf(err) != helium.NotExecuted || lasted > 20*time.Second {
				t.Errorf("behind %d messages it ended with %v, %v, after %v; want ErrStreamGap, not executed, within 20 s", nth, err, helium.OutcomeOf(err), lasted)
			}
			if n := srv.Stats().Streams; n > 0 {
				t.Errorf("%d streams run at the server, want none", n)
			}
		}
	})
}
