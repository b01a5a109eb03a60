package rpcclient_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestCloseFailsTheCallsInFlight(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	c := env.NewClient(rpcclient.Config{Timeout: time.Minute})
	all := make(chan []error, 1)
	go func() {
		all <- together(20, func() error { return c.Call(context.Background(), "gate.pass", nil, 1) })
	}()
	for range 20 {
		within(t, g.entered, "call")
	}
	began := time.Now()
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	for _, err := range within(t, all, "end of the calls") {
		wantError(t, err, helium.ErrClientClosed, helium.Unknown)
	}
	inTime(t, began, "closing")
	close(g.leave)
}

func TestAClosedClientRefusesEveryWayOfCalling(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "shapes", newShapes())
	c := env.NewClient(rpcclient.Config{})
	if err := c.Call(t.Context(), "shapes.touch", nil); err != nil {
		t.Fatal(err)
	}
	c.Close()
	want := failure{is: helium.ErrClientClosed, code: helium.CodeFailedPrecondition, outcome: helium.NotExecuted}
	for _, name := range []string{"shapes.touch", "unknown.touch"} {
		agreeOnFailure(t, t.Context(), c, name, want, func(f func(context.Context) error) (none, error) { return none{}, f(t.Context()) })
	}
	checkFailure(t, "a bare name", c.Call(t.Context(), "version", nil), want)
	checkFailure(t, "Notify", c.Notify(t.Context(), "shapes.touch"), want)
	checkFailure(t, "a view by At", c.At("i1").Call(t.Context(), "shapes.touch", nil), want)
	if err := c.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

func TestCloseEndsALookupThatIsNotAnswered(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env)
	c := env.NewClient(rpcclient.Config{Timeout: time.Minute})
	errs := make(chan error, 2)
	go func() { errs <- c.Call(context.Background(), "late.do", nil) }()
	go func() { errs <- c.Call(context.Background(), "do", nil) }()
	within(t, late.asked, "lookup")
	statsAre(t, c, func(s rpcclient.Stats) error {
		if s.Lookups < 2 {
			return errors.New("the second call hasn't asked yet")
		}
		return nil
	})
	began := time.Now()
	c.Close()
	for range 2 {
		wantError(t, within(t, errs, "end of the call"), helium.ErrClientClosed, helium.NotExecuted)
	}
	inTime(t, began, "closing")
}

func TestCloseMayComeAtAnyMoment(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	for round := range 20 {
		before := goleak.IgnoreCurrent()
		nc := env.Conn("client")
		c, err := rpcclient.New(nc, rpcclient.Config{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		math := mathsvc.NewClient(c)
		var calls atomic.Int64
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for {
					sum, err := math.Add(context.Background(), 1, 2)
					if errors.Is(err, helium.ErrClientClosed) {
						return
					}
					if err != nil || sum != 3 {
						t.Errorf("Add(1, 2) = %v, %v; want 3, or ErrClosed", sum, err)
						return
					}
					calls.Add(1)
				}
			})
		}
		eventually(t, func() error {
			if calls.Load() < int64(10*round) {
				return errAway
			}
			return nil
		})
		for range 3 {
			wg.Go(func() { c.Close() })
		}
		wg.Wait()
		if s := c.Stats(); s.InFlight != 0 {
			t.Errorf("%d calls are in flight after Close", s.InFlight)
		}
		nc.Close()
		// The server's workers come and go with its calls, and who receives may be another one.
		ofServer := "github.com/helium-rpc/helium/rpcserver"
		if err := leak.Find(before, goleak.IgnoreAnyFunction(ofServer+"/internal/pool.(*Pool[...]).worker"), goleak.IgnoreAnyFunction(ofServer+".(*receiver).receive")); err != nil {
			t.Fatalf("goroutines are left: %v", err)
		}
	}
}

func TestAConfigThatCannotWorkSaysWhatToChange(t *testing.T) {
	env := heliumtest.New(t)
	for _, config := range []rpcclient.Config{
		{Prefix: "a b"}, {Prefix: "helium."}, {Timeout: -1}, {MaxAttempts: -1},
	} {
		if c, err := rpcclient.New(env.Conn("client"), config); err == nil {
			c.Close()
			t.Errorf("New(%+v) gives a client, want an error", config)
		}
	}
	if c, err := rpcclient.New(nil, rpcclient.Config{}); err == nil {
		c.Close()
		t.Error("New(nil) gives a client, want an error")
	}
}
