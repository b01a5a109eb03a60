package e2e_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise1AtMostOnceUnlessIdempotent(t *testing.T) {
	t.Parallel()
	t.Run("a call that got lost is made again only if its method is idempotent", func(t *testing.T) {
		t.Parallel()
		overEachLink(t, func(t *testing.T, n network) {
			for _, c := range []struct {
				name    string
				options []rpcserver.Option
				want    helium.Code
				ran     int
			}{
				{"idempotent", []rpcserver.Option{rpcserver.Idempotent("hold")}, 0, 2},
				{"not idempotent", nil, helium.CodeUnavailable, 1},
			} {
				n := newNetworkOver(t, n.over)
				client := n.client(rpcclient.Config{})
				stops, stays := newWorker("stops"), newWorker("stays")
				close(stays.release)
				first := serve(t, n.dial(), n.config(rpcserver.Config{}), "work", stops, c.options...)
				n.link(t, client, "work", 1)
				answer := make(chan error, 1)
				go func() { answer <- client.Call(testContext(t), "work.hold", nil, 1) }()
				receive(t, "a Hold that began", stops.began)

				serve(t, n.dial(), n.config(rpcserver.Config{}), "work", stays, c.options...)
				over, cancel := context.WithCancel(context.Background())
				cancel()
				if err := first.Shutdown(over); err == nil {
					t.Errorf("%s: Shutdown = nil, want an error that says that a call was cut", c.name)
				}
				err := receive(t, "an answer", answer)
				if helium.CodeOf(err) != c.want || err != nil && helium.OutcomeOf(err) != helium.Unknown {
					t.Errorf("%s: error %v, outcome %v; want code %v", c.name, err, helium.OutcomeOf(err), c.want)
				}
				if got := stops.times(1) + stays.times(1); got != c.ran {
					t.Errorf("%s: the call ran %d times, want %d", c.name, got, c.ran)
				}
			}
		})
	})
	t.Run("an error of the method itself is never a reason for another try", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		f := &faulty{worker: newWorker("w")}
		serve(t, n.dial(), rpcserver.Config{}, "faulty", f, rpcserver.Idempotent("unavailable", "panic"))
		c := n.client(rpcclient.Config{})
		for id, method := range []string{"faulty.unavailable", "faulty.panic"} {
			if err := c.Call(testContext(t), method, nil, id); helium.OutcomeOf(err) != helium.Executed {
				t.Errorf("%s: error %v, outcome %v; want executed", method, err, helium.OutcomeOf(err))
			}
			if got := f.times(int64(id)); got != 1 {
				t.Errorf("%s ran %d times, want once", method, got)
			}
		}
	})
	t.Run("a call that was refused is tried three times, and runs once there is room", func(t *testing.T) {
		t.Parallel()
		overEachLink(t, func(t *testing.T, n network) {
			w := newWorker("w")
			srv := serve(t, n.dial(), n.config(rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}), "work", w)
			c := n.client(rpcclient.Config{})
			n.link(t, c, "work", 1)
			held := make(chan error, 1)
			go func() { held <- c.Call(testContext(t), "work.hold", nil, 1) }()
			receive(t, "a Hold that began", w.began)
			before := c.Stats()
			err := callWithin(patience, c, 2)
			if got := c.Stats(); !errors.Is(err, helium.ErrOverloaded) || got.FramesSent-before.FramesSent != 3 {
				t.Errorf("error %v after %d attempts, want ErrOverloaded after 3", err, got.FramesSent-before.FramesSent)
			}
			// This one is let in between two attempts.
			refused := srv.Stats().Refused
			answer := make(chan error, 1)
			go func() { answer <- callWithin(patience, c, 3) }()
			eventually(t, "a refusal", func() error {
				if srv.Stats().Refused == refused {
					return errors.New("no refusal yet")
				}
				return nil
			})
			close(w.release)
			if err := receive(t, "the end of Hold", held); err != nil {
				t.Errorf("hold: %v, want nil", err)
			}
			// The third attempt may have come before there was room; it ran or it didn't.
			if err := receive(t, "an answer", answer); err == nil && w.times(3) != 1 || err != nil && w.times(3) != 0 {
				t.Errorf("error %v, and it ran %d times", err, w.times(3))
			}
			if w.times(2) != 0 {
				t.Errorf("the call that was refused ran %d times, want 0", w.times(2))
			}
		})
	})
	t.Run("no more retries than a tenth of the calls, after a reserve of ten", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		registerNobody(t, n, "empty", "run")
		c := n.client(rpcclient.Config{})
		const calls = 200
		for range calls {
			if err := c.Call(testContext(t), "empty.run", nil); !errors.Is(err, helium.ErrNoInstance) {
				t.Fatalf("error %v, want ErrNoInstance", err)
			}
		}
		got := c.Stats().FramesSent - calls
		if least, most := uint64(10), uint64(10+calls/10+1); got < least || got > most {
			t.Errorf("%d retries for %d calls, want from %d to %d", got, calls, least, most)
		}
	})
	t.Run("no retry past the deadline, and none where MaxAttempts is 1", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		registerNobody(t, n, "empty", "run")
		c := n.client(rpcclient.Config{})
		once := n.client(rpcclient.Config{MaxAttempts: 1})
		for _, c := range []*rpcclient.Client{c, once} {
			_ = c.Call(testContext(t), "empty.run", nil) // learns where the service is
		}
		before, onceBefore := c.Stats().FramesSent, once.Stats().FramesSent
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = c.Call(ctx, "empty.run", nil)
		_ = once.Call(testContext(t), "empty.run", nil)
		if got := c.Stats().FramesSent - before; got > 1 {
			t.Errorf("%d attempts within a millisecond, want 1 at most", got)
		}
		if got := once.Stats().FramesSent - onceBefore; got != 1 {
			t.Errorf("%d attempts with MaxAttempts 1, want 1", got)
		}
	})
}
