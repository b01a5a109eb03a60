package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Versions of a service with different methods.
type (
	orders1 struct{}          // list, get
	orders2 struct{ orders1 } // and count
)

func (orders1) List() string { return "list" }
func (orders1) Get() string  { return "get" }
func (orders2) Count() int   { return 7 }

// once is a client that has one attempt for each call: what goes on elsewhere is no other.
var once = rpcclient.Config{Timeout: patience, MaxAttempts: 1}

// rush calls methods at random from many goroutines, and returns how many calls failed and
// one of the errors.
func rush(c *rpcclient.Client, goroutines, each int, names ...string) (failed int, err error) {
	for _, errs := range collect(goroutines, func() (errs []error) {
		for range each {
			if err := c.Call(context.Background(), names[rand.IntN(len(names))], nil); err != nil {
				errs = append(errs, err)
			}
		}
		return errs
	}) {
		failed += len(errs)
		if len(errs) > 0 {
			err = errs[0]
		}
	}
	return failed, err
}

// rushes checks that no call of a rush fails.
func rushes(t *testing.T, c *rpcclient.Client, names ...string) {
	t.Helper()
	if failed, err := rush(c, 64, 40, names...); failed > 0 {
		t.Fatalf("%d of %d calls of %v failed, one with: %v", failed, 64*40, names, err)
	}
}

// deaf returns a client that hears no events of the registry: what it doesn't look up, it
// doesn't learn.
func deaf(t *testing.T, config rpcclient.Config) (*heliumtest.Env, *rpcclient.Client) {
	t.Helper()
	env, nc := newLimitedTo(t, broker.Subjects{}, broker.Subjects{Allow: []string{"_INBOX.shop.>"}})
	return env, env.NewClientOn(nc, config)
}

// knowsInstances waits until a client has heard of so many instances.
func knowsInstances(t *testing.T, c *rpcclient.Client, service string, n int) {
	t.Helper()
	eventually(t, func() error {
		if known := c.Instances(service); len(known) != n {
			return fmt.Errorf("the known instances are %v, want %d", known, n)
		}
		return nil
	})
}

// sharedMethods counts, by method, the calls in messages on the service's subject.
func sharedMethods(t *testing.T, env *heliumtest.Env, service string) func(method string) int {
	t.Helper()
	var counts [2]atomic.Int64 // of count, of others
	nc := env.Conn("spy")
	subscribe(t, nc, "helium.call."+service, func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Method == "count" {
				counts[0].Add(1)
			} else if err == nil && f.Kind == wire.KindCall {
				counts[1].Add(1)
			}
		}
	})
	return func(method string) int {
		if err := nc.Flush(); err != nil {
			t.Error(err)
		}
		if method == "count" {
			return int(counts[0].Load())
		}
		return int(counts[1].Load())
	}
}

func TestARolloutOfANewMethodFailsNoCall(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	for range 2 {
		heliumtest.ServeWith(env, rpcserver.Config{Version: "1.0.0"}, "orders", orders1{})
	}
	heliumtest.ServeWith(env, rpcserver.Config{Version: "2.0.0"}, "orders", orders2{})
	if err := env.Client.Call(t.Context(), "orders.count", nil); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, env.Client, "orders", 3)
	shared := sharedMethods(t, env, "orders")
	for shared("others") == 0 { // what all instances have goes on sharing
		rushes(t, env.Client, "orders.list", "orders.get", "orders.count")
	}
	if n := shared("count"); n > 0 {
		t.Errorf("%d calls of count were on the service's subject, where instances without it listen; want none", n)
	}
	if s := env.Client.Stats(); s.Retries+s.Fallbacks > 0 {
		t.Errorf("%d retries and %d fallbacks, want none: the registry tells who has what", s.Retries, s.Fallbacks)
	}
}

func TestOnceAllInstancesHaveAMethodItSharesMessagesAgain(t *testing.T) {
	env := heliumtest.New(t)
	old := heliumtest.Serve(env, "orders", orders1{})
	heliumtest.Serve(env, "orders", orders2{})
	if err := env.Client.Call(t.Context(), "orders.count", nil); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, env.Client, "orders", 2)
	rushes(t, env.Client, "orders.list", "orders.count")
	if err := old.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, env.Client, "orders", 1)
	shared := sharedMethods(t, env, "orders")
	hammerUntil(t, func() bool { return shared("count") > 0 }, "message of several methods with count in it", func() {
		rushes(t, env.Client, "orders.list", "orders.count")
	})
}

func TestARegistryThatIsBehindFailsNoCall(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "orders", orders2{})
	if err := c.Call(t.Context(), "orders.count", nil); err != nil {
		t.Fatal(err)
	}
	// Rolled back: the client is told of none of these.
	heliumtest.Serve(env, "orders", orders1{})
	heliumtest.Serve(env, "orders", orders1{})
	hammerUntil(t, func() bool { return c.Stats().Fallbacks > 0 }, "call that went on elsewhere", func() {
		rushes(t, c, "orders.list", "orders.count")
	})
	before := c.Stats().Fallbacks
	for range 5 {
		rushes(t, c, "orders.list", "orders.count")
	}
	// What was in flight when the first answer came may add some.
	if more := c.Stats().Fallbacks - before; more > 64 {
		t.Errorf("%d calls of %d went on elsewhere after the first ones, want what they found out to be remembered", more, 5*64*40)
	}
	if s := c.Stats(); s.Retries > 0 {
		t.Errorf("%d retries, want none: a call that reached the wrong instance isn't made again", s.Retries)
	}
}

func TestAMethodThatTheRegistryHasForgottenIsServedWhileSomebodyListens(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "orders", orders1{})
	srv := heliumtest.Serve(env, "orders", orders2{})
	if err := c.Call(t.Context(), "orders.count", nil); err != nil {
		t.Fatal(err)
	}
	registry, err := binder.NewClient(env.Conn("registry"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.End(t.Context(), "orders", srv.Instance()); err != nil {
		t.Fatal(err)
	}
	c.Distrust()
	eventually(t, func() error {
		if err := c.Call(t.Context(), "orders.list", nil); err != nil {
			t.Fatal(err)
		}
		if known := c.Instances("orders"); len(known) != 1 {
			return fmt.Errorf("the known instances are %v", known)
		}
		return nil
	})
	rushes(t, c, "orders.list", "orders.count")
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		wantError(t, c.Call(t.Context(), "orders.count", nil), helium.ErrUnknownMethod, helium.NotExecuted)
		wantError(t, c.Notify(t.Context(), "orders.count"), helium.ErrUnknownMethod, helium.NotExecuted)
	}
}

func TestAMethodThatGoesAwayIsServedToTheLastInstanceAndThenUnknown(t *testing.T) {
	for name, hears := range map[string]bool{"heard": true, "not heard": false} {
		t.Run(name, func(t *testing.T) {
			env, c := deaf(t, once)
			if hears {
				c = env.NewClient(once)
			}
			olds := []*rpcserver.Server{heliumtest.Serve(env, "orders", orders2{}), heliumtest.Serve(env, "orders", orders2{})}
			rushes(t, c, "orders.list", "orders.count")
			heliumtest.Serve(env, "orders", orders1{})
			for _, old := range olds {
				rushes(t, c, "orders.list", "orders.count")
				if err := old.Shutdown(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, func() error {
				err := c.Call(t.Context(), "orders.count", nil)
				if !errors.Is(err, helium.ErrUnknownMethod) {
					// Until it has looked again, the client takes the instances for there.
					checkFailure(t, "count", err, failure{is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted})
					return err
				}
				return nil
			})
			checkFailure(t, "count", c.Call(t.Context(), "orders.count", nil), failure{
				is: helium.ErrUnknownMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{"orders", "count"},
			})
			rushes(t, c, "orders.list")
		})
	}
}

func TestAMethodThatNobodyHasIsUnknownWhateverTheRegistrySays(t *testing.T) {
	env, c := deaf(t, rpcclient.Config{Timeout: patience})
	srv := heliumtest.Serve(env, "orders", orders2{})
	rushes(t, c, "orders.list", "orders.count")
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	heliumtest.Serve(env, "orders", orders1{})
	env.Binder.Close() // so that nobody tells the client
	var refused error
	hammerUntil(t, func() bool { return refused != nil }, "call of count that reached an instance without it", func() {
		for _, errs := range collect(64, func() (errs []error) {
			for range 10 {
				if err := c.Call(context.Background(), "orders.list", nil); err != nil {
					t.Errorf("list: %v", err)
				}
				errs = append(errs, c.Call(context.Background(), "orders.count", nil))
			}
			return errs
		}) {
			for _, err := range errs {
				switch {
				case errors.Is(err, helium.ErrNoMethod) && helium.OutcomeOf(err) == helium.NotExecuted:
					refused = err
				case !errors.Is(err, helium.ErrNoInstance) || helium.OutcomeOf(err) != helium.NotExecuted:
					t.Fatalf("count: %v (%v), want an error that says that nobody has it", err, helium.OutcomeOf(err))
				}
			}
		}
	})
	if !strings.Contains(refused.Error(), `service "orders" has no method "count"`) {
		t.Errorf("count: %v, want it to name the method and the service", refused)
	}
}

func TestACallAtAnInstanceWithoutTheMethodSaysSo(t *testing.T) {
	env, c := deaf(t, once)
	heliumtest.Serve(env, "orders", orders2{})
	rushes(t, c, "orders.list", "orders.count")
	// Of this one the client knows nothing.
	late := heliumtest.Serve(env, "orders", orders1{})
	at := c.At(late.Instance())
	checkFailure(t, "count, before the registry is asked", at.Call(t.Context(), "orders.count", nil), failure{
		is: helium.ErrNoMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{late.Instance(), "orders", `no method "count"`},
	})
	if failed, _ := rush(at, 16, 10, "orders.list"); failed > 0 {
		t.Errorf("%d calls of list failed", failed)
	}
	for _, errs := range collect(16, func() []error {
		return []error{at.Call(context.Background(), "orders.list", nil), at.Call(context.Background(), "orders.count", nil)}
	}) {
		if errs[0] != nil || helium.CodeOf(errs[1]) != helium.CodeUnimplemented {
			t.Errorf("list and count at once: %v and %v; want nil and unimplemented", errs[0], errs[1])
		}
	}
	hears := env.NewClient(once)
	if err := hears.Call(t.Context(), "orders.list", nil); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, hears, "orders", 2)
	env.Binder.Close() // it needn't be asked
	checkFailure(t, "count, where the registry is known", hears.At(late.Instance()).Call(t.Context(), "orders.count", nil), failure{
		is: helium.ErrUnknownMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{late.Instance(), "count"},
	})
	if s := c.Stats(); s.Retries > 0 {
		t.Errorf("%d retries, want none: no other instance may take the call", s.Retries)
	}
}

func TestAnInstanceThatTheRegistryDoesNotKnowIsAskedItself(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	heliumtest.Serve(env, "orders", orders1{})
	srv := heliumtest.Serve(env, "orders", orders2{})
	registry, err := binder.NewClient(env.Conn("registry"), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := registry.End(t.Context(), "orders", srv.Instance()); err != nil {
		t.Fatal(err)
	}
	at := env.Client.At(srv.Instance())
	if n, err := rpcclient.Call[int](t.Context(), at, "orders.count"); err != nil || n != 7 {
		t.Errorf("count() = %d, %v; want 7", n, err)
	}
	wantError(t, at.Call(t.Context(), "orders.drop", nil), helium.ErrUnknownMethod, helium.NotExecuted)
	wantError(t, env.Client.Call(t.Context(), "orders.drop", nil), helium.ErrUnknownMethod, helium.NotExecuted)
	if services, methods, _, _ := env.Client.Known(); services != 1 || methods > 1 {
		t.Errorf("known: %d services, %d methods; want what doesn't exist forgotten", services, methods)
	}
}

func TestWhereOthersRunTheErrorSaysThatNoneHasTheMethod(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	heliumtest.Serve(env, "orders", orders1{})
	nc := env.Conn("killed")
	killed := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
	if err := rpcserver.Register(killed, "orders", orders2{}); err != nil {
		t.Fatal(err)
	}
	if err := killed.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = killed.Shutdown(context.Background()) })
	rushes(t, env.Client, "orders.list", "orders.count")
	nc.Close() // the registry lists it until its lease ends
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := env.Client.Call(ctx, "orders.count", nil)
		if !errors.Is(err, helium.ErrNoInstance) {
			return fmt.Errorf("count: %v", err)
		}
		checkFailure(t, "count", err, failure{is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{`"count"`, "only others"}})
		return nil
	})
}

func TestInterceptorsSeeOneCallHoweverManyInstancesItReached(t *testing.T) {
	var seen, failed atomic.Int64
	config := once
	config.Interceptors = []rpcclient.Interceptor{func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			seen.Add(1)
			if err := next(ctx, call); err != nil {
				failed.Add(1)
			}
			return next(ctx, call) // it makes the call anew
		}
	}}
	env, c := deaf(t, config)
	heliumtest.Serve(env, "orders", orders2{})
	rushes(t, c, "orders.list", "orders.count")
	heliumtest.Serve(env, "orders", orders1{})
	before := seen.Load()
	rounds := int64(0)
	hammerUntil(t, func() bool { return c.Stats().Fallbacks > 0 }, "call that went on elsewhere", func() {
		rushes(t, c, "orders.list", "orders.count")
		rounds++
	})
	if got, want := seen.Load()-before, rounds*64*40; got != want || failed.Load() > 0 {
		t.Errorf("the interceptor saw %d calls, %d of them failing; want %d, none", got, failed.Load(), want)
	}
}
