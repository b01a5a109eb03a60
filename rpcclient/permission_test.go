package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// newLimited returns an Env and the connection of a user who may publish to certain
// subjects only.
func newLimited(t *testing.T, publish ...string) (*heliumtest.Env, *nats.Conn) {
	t.Helper()
	return newLimitedTo(t, broker.Subjects{Allow: publish}, broker.Subjects{})
}

func newLimitedTo(t *testing.T, publish, subscribe broker.Subjects) (*heliumtest.Env, *nats.Conn) {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{
		Logger: quiet,
		Users:  []broker.User{{Name: "shop", Password: "pw", Publish: publish, Subscribe: subscribe}},
	}})
	nc, err := env.Broker.ConnectWith(t.Context(), bus.Config{Name: "shop", User: "shop", Password: "pw", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return env, nc
}

// counter is a service that counts how often each method ran.
type counter struct{ a, b atomic.Int64 }

func (c *counter) CountA() int64 { return c.a.Add(1) }
func (c *counter) CountB() int64 { return c.b.Add(1) }

// long is the timeout of clients that must not need it.
var long = rpcclient.Config{Timeout: time.Minute}

func TestAMethodThatIsNotPermittedIsDeniedAtOnce(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.lookup.>", "helium.call.counter.countA")
	impl := new(counter)
	heliumtest.Serve(env, "counter", impl)
	c := env.NewClientOn(nc, long)
	began := time.Now()
	for range 3 {
		err := c.Call(t.Context(), "counter.countB", nil)
		checkFailure(t, "countB", err, failure{
			is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{"counter.countB", "helium.call.counter.countB"},
		})
	}
	inTime(t, began, "being denied")
	if err := c.Call(t.Context(), "counter.countA", nil); err != nil {
		t.Errorf("countA, which is permitted: %v", err)
	}
	if a, b := impl.a.Load(), impl.b.Load(); a != 1 || b != 0 {
		t.Errorf("countA ran %d times and countB %d times, want 1 and 0", a, b)
	}
	if s := c.Stats(); s.Retries != 0 {
		t.Errorf("%d retries, want none", s.Retries)
	}
}

func TestALookupThatIsNotPermittedIsDeniedAtOnce(t *testing.T) {
	env, nc := newLimited(t, "helium.call.>")
	heliumtest.Serve(env, "counter", new(counter))
	c := env.NewClientOn(nc, long)
	began := time.Now()
	for _, name := range []string{"counter.countA", "countA"} {
		checkFailure(t, name, c.Call(t.Context(), name, nil), failure{
			is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{`"helium.binder.lookup.>"`},
		})
	}
	inTime(t, began, "being denied")
}

func TestAClientThatMayNotReceiveAnswersIsRefused(t *testing.T) {
	_, nc := newLimitedTo(t, broker.Subjects{}, broker.Subjects{Allow: []string{"helium.>"}})
	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err == nil {
		c.Close()
	}
	checkFailure(t, "New", err, failure{is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.Unknown, says: []string{"_INBOX.shop.", "allow it to subscribe"}})
}

func TestAClientThatMayNotHearTheRegistryStillCalls(t *testing.T) {
	env, nc := newLimitedTo(t, broker.Subjects{}, broker.Subjects{Allow: []string{"_INBOX.shop.>"}})
	heliumtest.Serve(env, "counter", new(counter))
	c := env.NewClientOn(nc, long)
	if n, err := rpcclient.Call[int](t.Context(), c, "counter.countA"); err != nil || n != 1 {
		t.Errorf("countA() = %d, %v; want 1, nil", n, err)
	}
}

// bothAtOnce calls both methods from many goroutines at once, so that calls of both
// would share messages, and returns the errors.
func bothAtOnce(c *rpcclient.Client, goroutines, each int) (a, b []error) {
	var ready sync.WaitGroup
	ready.Add(2 * goroutines)
	call := func(name string) []error {
		var errs []error
		for _, perGoroutine := range collect(goroutines, func() []error {
			ready.Done()
			ready.Wait()
			var errs []error
			for range each {
				errs = append(errs, c.Call(context.Background(), name, nil))
			}
			return errs
		}) {
			errs = append(errs, perGoroutine...)
		}
		return errs
	}
	done := make(chan []error, 1)
	go func() { done <- call("counter.countB") }()
	a = call("counter.countA")
	return a, <-done
}

// collect runs f on so many goroutines and returns what they return.
func collect[T any](goroutines int, f func() T) []T {
	results := make([]T, goroutines)
	done := make(chan int, goroutines)
	for i := range goroutines {
		go func() {
			results[i] = f()
			done <- i
		}()
	}
	for range goroutines {
		<-done
	}
	return results
}

func TestAUserWithoutTheSharedSubjectCallsEachMethodOnItsOwn(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.lookup.>", "helium.call.counter.*")
	impl := new(counter)
	heliumtest.Serve(env, "counter", impl)
	// Sending on another subject is no retry, so it needs neither attempts nor budget.
	c := env.NewClientOn(nc, rpcclient.Config{Timeout: time.Minute, MaxAttempts: 1})
	if err := c.Call(t.Context(), "counter.countA", nil); err != nil {
		t.Fatal(err)
	}
	const goroutines, each = 64, 30
	rounds := int64(0)
	wentTogether := func() bool { s := c.Stats(); return s.FramesSent != s.Calls }
	hammerUntil(t, wentTogether, "message on the shared subject", func() {
		rounds++
		a, b := bothAtOnce(c, goroutines, each)
		for _, err := range append(a, b...) {
			if err != nil {
				t.Fatalf("a call failed with %v", err)
			}
		}
	})
	want := rounds * goroutines * each
	if a, b := impl.a.Load(), impl.b.Load(); a != 1+want || b != want {
		t.Errorf("countA ran %d times and countB %d times, want %d and %d: each call once", a, b, 1+want, want)
	}
	if s := c.Stats(); s.Retries != 0 {
		t.Errorf("%d retries are counted, want none", s.Retries)
	}
}

func TestOneMethodDeniedLeavesTheCallsOfOthersAlone(t *testing.T) {
	for _, shared := range []bool{true, false} {
		t.Run(fmt.Sprintf("shared subject allowed=%v", shared), func(t *testing.T) {
			allow := []string{"helium.binder.lookup.>", "helium.call.counter.countA"}
			if shared {
				allow = append(allow, "helium.call.counter")
			}
			env, nc := newLimited(t, allow...)
			impl := new(counter)
			heliumtest.Serve(env, "counter", impl)
			c := env.NewClientOn(nc, long)
			const goroutines, each = 32, 30
			a, b := bothAtOnce(c, goroutines, each)
			for _, err := range a {
				if err != nil {
					t.Fatalf("countA, which is permitted, failed with %v", err)
				}
			}
			if got, want := impl.a.Load(), int64(goroutines*each); got != want {
				t.Errorf("countA ran %d times, want %d: each call once", got, want)
			}
			// With the shared subject, some calls of countB get through by it. Of those
			// that don't, none may have run.
			through := int64(0)
			for _, err := range b {
				if err == nil {
					through++
				} else if !errors.Is(err, helium.ErrNotPermitted) {
					t.Fatalf("countB, which isn't permitted, failed with %v", err)
				}
			}
			if ran := impl.b.Load(); ran != through || !shared && ran != 0 {
				t.Errorf("countB ran %d times, and %d calls of it succeeded", ran, through)
			}
		})
	}
}

func TestAServerCanTurnTheSharedSubjectOff(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.lookup.>", "helium.call.counter.countA")
	impl := new(counter)
	heliumtest.ServeWith(env, rpcserver.Config{PerMethod: true}, "counter", impl)
	c := env.NewClientOn(nc, rpcclient.Config{Timeout: time.Minute, MaxAttempts: 1})
	const goroutines, each = 32, 30
	a, b := bothAtOnce(c, goroutines, each)
	for _, err := range a {
		if err != nil {
			t.Fatalf("countA, which is permitted, failed with %v", err)
		}
	}
	for _, err := range b {
		wantError(t, err, helium.ErrNotPermitted, helium.NotExecuted)
	}
	if a, b := impl.a.Load(), impl.b.Load(); a != goroutines*each || b != 0 {
		t.Errorf("countA ran %d times and countB %d times, want %d and 0", a, b, goroutines*each)
	}
}

func TestTheConnectionsOwnErrorHandlerStillHearsAndComesBack(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.lookup.>")
	heliumtest.Serve(env, "counter", new(counter))
	heard := make(chan error, 10)
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { heard <- err })

	var clients []*rpcclient.Client
	for range 3 {
		c, err := rpcclient.New(nc, long)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		clients = append(clients, c)
	}
	for _, c := range clients {
		wantError(t, c.Call(t.Context(), "counter.countA", nil), helium.ErrNotPermitted, helium.NotExecuted)
		if err := within(t, heard, "error"); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("the handler heard %v, want the violation", err)
		}
	}
	// The one in the middle goes first; the others still work.
	clients[1].Close()
	for _, c := range []*rpcclient.Client{clients[0], clients[2]} {
		wantError(t, c.Call(t.Context(), "counter.countA", nil), helium.ErrNotPermitted, helium.NotExecuted)
		within(t, heard, "error")
	}
	clients[0].Close()
	clients[2].Close()
	if natsperm.Listening(nc) {
		t.Error("an error handler of closed clients is left")
	}
	nc.ErrorHandler()(nc, nil, errAway)
	if err := within(t, heard, "error"); !errors.Is(err, errAway) {
		t.Errorf("the handler heard %v, want %v", err, errAway)
	}
}

func TestAnInboxThatIsPermittedTooNarrowlyIsToldWhateverElseIsDenied(t *testing.T) {
	for _, allowed := range [][]string{
		{"_INBOX.shop.*"},             // the registry's events aren't permitted either
		{"_INBOX.shop.*", "helium.>"}, // all but the inbox is
		{"_INBOX.shop.*.x", "helium.binder.>"},
		{"_INBOX.other.>", "helium.>"},
	} {
		_, nc := newLimitedTo(t, broker.Subjects{}, broker.Subjects{Allow: allowed})
		c, err := rpcclient.New(nc, rpcclient.Config{})
		if err == nil {
			c.Close()
		}
		checkFailure(t, "New", err, failure{is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.Unknown, says: []string{`allow it to subscribe to "_INBOX.shop.>"`}})
	}
}
