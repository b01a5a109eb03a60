package rpcclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// serveUnregistered serves without a binder, which Run waits for while it serves, and
// returns once somebody listens on a subject.
func serveUnregistered(t *testing.T, env *heliumtest.Env, service, listensOn string, impl any) {
	t.Helper()
	srv := rpcserver.New(env.Conn("unregistered"), rpcserver.Config{Logger: quiet, DrainTimeout: time.Second})
	if err := rpcserver.Register(srv, service, impl); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- srv.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := within(t, over, "end of the server"); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	nc := env.Conn("probe")
	eventually(t, func() error {
		_, err := nc.Request(listensOn, []byte("[]"), time.Second)
		return err
	})
}

func TestARolloutWithoutABinderFailsNoCall(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	c := env.Client
	heliumtest.Serve(env, "orders", orders1{})
	rushes(t, c, "orders.list", "orders.get")
	env.Binder.Close()

	began := time.Now()
	for range 10 {
		wantError(t, c.Call(t.Context(), "orders.count", nil), helium.ErrNoBinder, helium.NotExecuted)
		wantError(t, c.Notify(t.Context(), "orders.count"), helium.ErrNoBinder, helium.NotExecuted)
	}
	inTime(t, began, "calls of a method that nobody has")

	serveUnregistered(t, env, "orders", "helium.call.orders.count", orders2{})
	rushes(t, c, "orders.list", "orders.count", "orders.get")
	count, err := rpcclient.Func[func() (int, error)](c, "orders.count")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := count(); err != nil || n != 7 {
		t.Errorf("count() = %d, %v; want 7", n, err)
	}
	if err := c.Notify(t.Context(), "orders.count"); err != nil {
		t.Errorf("a one-way call of what others were seen to reach: %v", err)
	}
	// With nobody to check them before, the server checks the arguments.
	checkFailure(t, "count(1)", c.Call(t.Context(), "orders.count", nil, 1), failure{
		is: helium.ErrBadArgument, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"count() int64"},
	})
}

func TestABinderThatDoesNotAnswerLeavesTimeForTheCall(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1, Timeout: 2 * time.Second}})
	c := env.Client
	heliumtest.Serve(env, "orders", orders1{})
	rushes(t, c, "orders.list")
	newFakeBinder(t, env) // it never answers
	serveUnregistered(t, env, "orders", "helium.call.orders.count", orders2{})
	if err := c.Call(t.Context(), "orders.count", nil); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rushes(t, c, "orders.count", "orders.list")
	inTime(t, began, "calls of what has been seen to be there")
	checkFailure(t, "a method that nobody has", c.Call(t.Context(), "orders.drop", nil), failure{
		is: helium.ErrNoBinderAnswer, code: helium.CodeDeadlineExceeded, outcome: helium.NotExecuted, says: []string{"drop"},
	})
}

func TestAnInstanceThatRegistersDuringTheFirstLookupIsKnown(t *testing.T) {
	env := heliumtest.New(t)
	late := newFakeBinder(t, env) // its answer knows i1 only
	first := make(chan error, 1)
	go func() { first <- env.Client.Call(t.Context(), "late.do", nil) }()
	within(t, late.asked, "lookup")

	doubts := env.Client.NamesInDoubt()
	teller := env.Conn("teller")
	tell := func(kind binder.EventKind, instance string, revision uint64) {
		t.Helper()
		data, err := json.Marshal(binder.Event{Kind: kind, Revision: revision, Record: binder.Record{
			Service: "late", Instance: instance, Methods: []binder.Method{{Name: "do", Signature: "do() int64"}},
		}})
		if err == nil {
			err = teller.Publish("helium.binder.event.late", data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tell(binder.Registered, "i2", 2)
	tell(binder.Registered, "i3", 3)
	tell(binder.Ended, "i3", 4)
	tell(binder.Registered, "i4", 5)
	eventually(t, func() error {
		if env.Client.NamesInDoubt() < doubts+3 { // one for each that registered
			return errors.New("the events haven't come yet")
		}
		return nil
	})
	close(late.answer)
	if err := within(t, first, "answer"); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if got, want := fmt.Sprint(env.Client.Instances("late")), "[i1 i2 i4]"; got != want {
			return fmt.Errorf("the known instances are %s, want %s", got, want)
		}
		return nil
	})
}

// A server that takes the calls of each method on its own subject only, and registers where
// the client doesn't hear of it.
func TestInstancesThatTakeNoSharedMessagesAreFoundWithoutTheRegistry(t *testing.T) {
	env, c := deaf(t, once)
	old := heliumtest.Serve(env, "orders", orders2{})
	rushes(t, c, "orders.list", "orders.count")
	apart := heliumtest.ServeWith(env, rpcserver.Config{PerMethod: true}, "orders", orders2{})
	if err := old.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	env.Binder.Close() // nor can it ask
	hammerUntil(t, func() bool { return c.Stats().Fallbacks > 0 }, "message of several methods", func() {
		rushes(t, c, "orders.list", "orders.count")
	})
	before := c.Stats().Fallbacks
	for range 5 {
		rushes(t, c, "orders.list", "orders.count")
	}
	if more := c.Stats().Fallbacks - before; more > 64 {
		t.Errorf("%d calls of %d went on elsewhere after the first ones, want it remembered", more, 5*64*40)
	}
	at := c.At(apart.Instance())
	for range 5 {
		rushes(t, at, "orders.list", "orders.count")
	}
}

func TestOneWayCallsNeverMeetAnInstanceWithoutTheirMethod(t *testing.T) {
	env, c := deaf(t, once)
	servers := []*rpcserver.Server{heliumtest.Serve(env, "orders", orders2{})}
	rushes(t, c, "orders.list", "orders.count")
	for range 2 { // the client doesn't hear of them
		servers = append(servers, heliumtest.Serve(env, "orders", orders1{}))
	}
	shared := spyOn(t, env, "helium.call.orders")
	ran := func() (calls uint64) {
		for _, srv := range servers {
			calls += srv.Stats().Calls - srv.Stats().Errors
		}
		return calls
	}
	before := ran()
	for _, err := range collect(64, func() error {
		for i := range 20 {
			if err := c.Notify(context.Background(), []string{"orders.list", "orders.count"}[i%2]); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if got := ran() - before; got != 64*20 {
			return fmt.Errorf("%d one-way calls ran, want %d", got, 64*20)
		}
		return nil
	})
	if n := shared(); n > 0 {
		t.Errorf("%d messages were on the service's subject, want none", n)
	}
}
