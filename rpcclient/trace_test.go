package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestATraceTellsWhereACallWentAndHowLongItTook(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	heliumtest.Serve(env, "shapes", newShapes())
	div := func(c *rpcclient.Client, a, b float64) (trace rpcclient.Trace, err error) {
		call := c.Method("math", "div", "", nil).Begin(2)
		call.Trace = &trace
		call.Args.Float64(a)
		call.Args.Float64(b)
		if err := call.Do(t.Context()); err != nil {
			return trace, err
		}
		return trace, call.End(nil)
	}
	trace, err := div(env.Client, 6, 3)
	if err != nil || trace.Subject != "helium.call.math.div" || trace.Instance != srv.Instance() || trace.Attempts != 1 || trace.Sending <= 0 || trace.Waiting <= 0 || trace.Handling > trace.Sending+trace.Waiting {
		t.Errorf("a call: got %+v, %v; want its subject, the instance that answered, one attempt and its times", trace, err)
	}
	if trace, err := div(env.Client.At(srv.Instance()), 6, 3); err != nil || trace.Subject != "helium.at.math."+srv.Instance()+".div" || trace.Instance != srv.Instance() {
		t.Errorf("at an instance: got %+v, %v; want its subject", trace, err)
	}
	if trace, err := div(env.Client, 1, 0); err == nil || trace.Attempts != 1 || trace.Waiting <= 0 {
		t.Errorf("a call that fails: got %+v, %v; want its error and its times", trace, err)
	}

	// A call that nobody answers has waited, and the next one begins without a trace.
	ctx, cancel := context.WithCancel(t.Context())
	wait := env.Client.Method("shapes", "wait", "", nil)
	var given rpcclient.Trace
	call := wait.Begin(0)
	call.Trace = &given
	over := make(chan error, 1)
	go func() { over <- call.Do(ctx) }()
	eventually(t, func() error { return inFlight(env.Client) })
	cancel()
	if err := within(t, over, "end of the call"); err == nil || given.Waiting <= 0 || given.Handling != 0 {
		t.Errorf("a canceled call: got %+v, %v; want that it waited", given, err)
	}
	if next := wait.Begin(0); next.Trace != nil {
		t.Error("the next call begins with the trace of the one before")
	}
}

func TestATraceTellsOfTheInstanceThatTheLinkChose(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.ServeWith(env, rpcserver.Config{Listen: "127.0.0.1:0"}, "counter", new(counter))
	other := heliumtest.Serve(env, "counter", new(counter))
	count := env.Client.Method("counter", "countA", "", nil)
	eventually(t, func() error {
		var trace rpcclient.Trace
		call := count.Begin(0)
		call.Trace = &trace
		if err := call.Do(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := call.End(nil); err != nil {
			t.Fatal(err)
		}
		if trace.Subject != "helium.at.counter."+other.Instance()+".countA" {
			return fmt.Errorf("no call was addressed to the instance without a link; the last one: %+v", trace)
		}
		if trace.Instance != other.Instance() || trace.Direct {
			t.Errorf("a call that was: %+v, want that instance, and not by a direct link", trace)
		}
		return nil
	})
}

// inFlight says what is wrong unless a call is.
func inFlight(c *rpcclient.Client) error {
	if c.Stats().InFlight == 0 {
		return errors.New("no call is in flight")
	}
	return nil
}
