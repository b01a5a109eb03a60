package rpcclient_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestNotifyRunsTheHandlerAndDoesNotWaitForIt(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	for i := range 20 {
		if err := env.Client.Notify(t.Context(), "gate.pass", i); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		within(t, g.entered, "call")
	}
	close(g.leave)
	s := env.Client.Stats()
	if s.Notifies != 20 || s.Calls != 20 || s.InFlight != 0 {
		t.Errorf("notifies %d, calls %d, in flight %d; want 20, 20, 0", s.Notifies, s.Calls, s.InFlight)
	}
}

func TestNotifyIsCheckedLikeAnyCall(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "gate", newGate())
	wantError(t, env.Client.Notify(t.Context(), "gate.pass"), helium.ErrMismatch, helium.NotExecuted)
	done, cancel := context.WithCancel(t.Context())
	cancel()
	wantError(t, env.Client.Notify(done, "gate.pass", 1), helium.ErrCanceled, helium.NotExecuted)
	if s := env.Client.Stats(); s.Notifies != 0 || s.FramesSent != 0 {
		t.Errorf("notifies %d, sent %d; want none", s.Notifies, s.FramesSent)
	}
}

func TestNotifyToNobodyIsLostWithoutAnError(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "gate", newGate())
	if err := env.Client.Call(t.Context(), "gate.free", nil, 1); err != nil {
		t.Fatal(err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := env.Client.Notify(t.Context(), "gate.free", 1); err != nil {
		t.Errorf("Notify: %v, want nil: nobody answers it", err)
	}
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.NoResponders != 1 || s.Unmatched != 0 || s.Retries != 0 {
			return fmt.Errorf("no responders %d, unmatched %d, retries %d; want 1, 0, 0", s.NoResponders, s.Unmatched, s.Retries)
		}
		return nil
	})
}

func TestCloseSeesOneWayCallsOff(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	srv := heliumtest.Serve(env, "gate", g)
	nc := env.Conn("short-lived")
	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if err := c.Notify(t.Context(), "gate.free", i); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	eventually(t, func() error {
		if calls := srv.Stats().Calls; calls != 100 {
			return fmt.Errorf("%d calls ran, want 100", calls)
		}
		return nil
	})
}

func TestTheHandlerOfANotifyHasADeadline(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: time.Minute}})
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	if err := env.Client.Notify(context.Background(), "gate.pass", 1); err != nil {
		t.Fatal(err)
	}
	deadline, _ := within(t, g.entered, "call").Deadline()
	if left := time.Until(deadline); left < 30*time.Second || left > time.Minute {
		t.Errorf("the handler has %v left, want about the client's timeout, a minute", left)
	}
	close(g.leave)
}
