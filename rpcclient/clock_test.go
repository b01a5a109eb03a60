package rpcclient_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
)

// clocks are what messages of calls to a service said of their sender's clock, newest last.
type clocks struct {
	mu   sync.Mutex
	said []wire.Frame // guarded by mu
}

// tap listens to the calls to a service.
func tap(t *testing.T, nc *nats.Conn, service string) *clocks {
	c := new(clocks)
	subscribe(t, nc, "helium.call."+service+".>", func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		var f wire.Frame
		if err == nil {
			err = frames.Next(&f)
		}
		if err != nil || f.Kind != wire.KindSender {
			t.Errorf("a message of calls begins with %+v (%v), want a frame about its sender", f, err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.said = append(c.said, f)
	})
	return c
}

// nth returns what the nth message said, from 1.
func (c *clocks) nth(t *testing.T, n int) (f wire.Frame) {
	t.Helper()
	eventually(t, func() error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if len(c.said) < n {
			return fmt.Errorf("%d messages", len(c.said))
		}
		f = c.said[n-1]
		return nil
	})
	return f
}

// A suspended machine's clock stands still, so all that it sends afterwards seems to be late. Here
// somebody says that the clock showed an hour more than it does, which is the same.
func TestAClientWhoseClockStoodStillTakesAnotherOneAndItsCallsGoOn(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[*gate](env, "gate", newGate())
	said := tap(t, env.Conn("tap"), "gate")
	free, err := rpcclient.Func[func(n int) (int, error)](env.Client, "gate.free")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := free(1); err != nil {
		t.Fatal(err)
	}
	first := said.nth(t, 1)
	ahead := wire.Frame{Kind: wire.KindSender, Seq: first.Seq, Time: first.Time + uint64(time.Hour/time.Microsecond)}
	liar := env.Conn("liar")
	if err := liar.Publish("helium.call.gate.free", wire.AppendFrame(wire.AppendMessageHeader(nil), &ahead)); err != nil {
		t.Fatal(err)
	}
	if err := liar.Flush(); err != nil {
		t.Fatal(err)
	}
	said.nth(t, 2)
	var calls sync.WaitGroup
	for n := range 50 {
		calls.Go(func() {
			if got, err := free(n); err != nil || got != n {
				t.Errorf("free(%d) = %d, %v; want that the call went on", n, got, err)
			}
		})
	}
	calls.Wait()
	went := env.Client.Stats().Fallbacks
	if went == 0 {
		t.Error("no call went on, want that the server took some for over")
	}
	if got := env.Client.Stats().Retries; got != 0 {
		t.Errorf("%d calls were retried, want none: they go on as the same attempt", got)
	}
	for n := range 50 {
		if _, err := free(n); err != nil {
			t.Error(err)
		}
	}
	if got := env.Client.Stats().Fallbacks; got != went {
		t.Errorf("%d calls went on after the client has another clock", got-went)
	}
	said.mu.Lock()
	defer said.mu.Unlock()
	if last := said.said[len(said.said)-1]; last.Seq == first.Seq {
		t.Error("the clock is the one of before")
	}
}

func TestACallThatReallyWaitedForTooLongIsOver(t *testing.T) {
	env := heliumtest.New(t)
	server := newFakeServer(t, env, false)
	for detail, tries := range map[string]int{
		"0": 1, "": 1, "-1": 1, "long": 1, "99999999999999999999999999": 1,
		"3600000": 9, // it can't have, nor the next time; then the server is believed
	} {
		done := make(chan error, 1)
		go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
		for range tries {
			call := within(t, server.calls, "call")
			server.fail(t, call, helium.ErrExpired.WithDetail("waited_ms", detail).WithOutcome(helium.NotExecuted))
		}
		if err := within(t, done, "end of the call"); !errors.Is(err, helium.ErrExpired) || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("a server says that a call has waited for %q ms: %v, want ErrExpired, not executed", detail, err)
		}
		if n := len(server.calls); n > 0 {
			t.Errorf("a server says that a call has waited for %q ms: it was sent %d more times than %d", detail, n, tries)
		}
	}
	// A handler's own error is a result.
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	server.fail(t, within(t, server.calls, "call"), helium.ErrExpired.WithDetail("waited_ms", "3600000").WithOutcome(helium.Executed))
	if err := within(t, done, "end of the call"); helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("a handler returned the error: %v, %v; want it, executed", err, helium.OutcomeOf(err))
	}
}

func TestAnInstanceThatStoodStillHasCallsTriedAgain(t *testing.T) {
	env := heliumtest.New(t)
	server := newFakeServer(t, env, false)
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }()
	server.fail(t, within(t, server.calls, "call"), helium.ErrFrozen.WithOutcome(helium.NotExecuted))
	server.answer(t, within(t, server.calls, "second attempt"), 1)
	if err := within(t, done, "end of the call"); err != nil {
		t.Error(err)
	}
}

func TestAnotherConnectionIsAnotherClock(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[*gate](env, "gate", newGate())
	said := tap(t, env.Conn("tap"), "gate")
	nc := env.Conn("client")
	c, err := rpcclient.New(nc, rpcclient.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		if err := c.Call(t.Context(), "gate.free", nil, 1); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := said.nth(t, 1), said.nth(t, 2); a.Seq != b.Seq || a.Time >= b.Time {
		t.Errorf("two messages say %d of the clock %d and then %d of %d, want more, of the same", a.Time, a.Seq, b.Time, b.Seq)
	}
	first := said.nth(t, 1)
	if err := nc.ForceReconnect(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if err := c.Call(t.Context(), "gate.free", nil, 2); err != nil {
			return err
		}
		said.mu.Lock()
		defer said.mu.Unlock()
		if said.said[len(said.said)-1].Seq == first.Seq {
			return errors.New("the clock is that of the connection before")
		}
		return nil
	})
}
