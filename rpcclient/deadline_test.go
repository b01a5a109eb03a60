package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestACallWithoutADeadlineHasTheClientsTimeout(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	// A call whose time is over before its handler begins shows less; the next one has more.
	var handler context.Context
	for n, timeout := 1, 100*time.Millisecond; handler == nil; n, timeout = n+1, 2*timeout {
		if timeout > patience {
			t.Fatal("no call reached its handler in time")
		}
		c := env.NewClient(rpcclient.Config{Timeout: timeout})
		began := time.Now()
		err := c.Call(context.Background(), "gate.pass", nil, n)
		took := time.Since(began)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the call ended with %v, want DeadlineExceeded", err)
		}
		if took < timeout || took > timeout+soon {
			t.Errorf("it took %v, want %v and little more", took, timeout)
		}
		if handler = g.handlerOf(n); handler == nil {
			continue
		}
		// The handler was told how much time there is.
		if deadline, ok := handler.Deadline(); !ok || deadline.Before(began) || deadline.After(began.Add(timeout+soon)) {
			t.Errorf("the handler's deadline is %v after the call began, want about %v", deadline.Sub(began), timeout)
		}
	}
	within(t, handler.Done(), "end of the handler's context")
}

func TestTheContextsDeadlineComesBeforeTheClientsTimeout(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: 10 * time.Second}})
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	close(g.leave)
	for _, left := range []time.Duration{time.Minute, time.Hour} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		err := env.Client.Call(ctx, "gate.pass", nil, 1)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		deadline, _ := within(t, g.entered, "call").Deadline()
		if got := time.Until(deadline); got > left || got < left-patience {
			t.Errorf("with %v left, the handler has %v", left, got)
		}
	}
}

func TestDeadlinesHoldWithThousandsOfCallsInFlight(t *testing.T) {
	for timeout := 300 * time.Millisecond; !deadlinesHold(t, 5000, timeout); timeout *= 2 {
		if timeout > patience/2 {
			t.Fatalf("5000 calls weren't in flight at once within %v", timeout)
		}
	}
}

// deadlinesHold checks the deadlines of so many calls. It returns false if some were
// over before the last one was in flight.
func deadlinesHold(t *testing.T, calls int, timeout time.Duration) bool {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: timeout}})
	fake := newFakeServer(t, env, false) // it never answers
	if _, err := rpcclient.Func[func() (int64, error)](env.Client, "fake.do"); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	began := time.Now()
	ended := make(chan time.Duration, calls)
	all := make(chan []error, 1)
	go func() {
		all <- together(calls, func() error {
			began := time.Now()
			err := env.Client.Call(context.Background(), "fake.do", nil)
			ended <- time.Since(began) - timeout
			return err
		})
	}()
	atOnce := 0
	for atOnce < calls && time.Since(began) < timeout {
		atOnce = env.Client.Stats().InFlight
		time.Sleep(time.Millisecond)
	}
	// A goroutine each for the test itself, and none for the deadlines.
	if extra := runtime.NumGoroutine() - before; extra > calls+50 {
		t.Errorf("%d goroutines for %d calls", extra, calls)
	}
	errs := within(t, all, "end of the calls")
	if atOnce < calls {
		return false
	}
	for _, err := range errs {
		checkFailure(t, "a call", err, failure{is: helium.ErrDeadline, code: helium.CodeDeadlineExceeded, outcome: helium.Unknown})
	}
	late := time.Duration(0)
	for range calls {
		d := <-ended
		if d < 0 {
			t.Fatalf("a call ended %v before its deadline", -d)
		}
		late = max(late, d)
	}
	if late > soon {
		t.Errorf("the last call ended %v after its deadline, want milliseconds", late)
	}
	if n := env.Client.Stats().InFlight; n != 0 {
		t.Errorf("%d calls are in flight, want none", n)
	}
	eventually(t, func() error {
		if n := len(fake.calls); n != calls {
			return fmt.Errorf("%d calls arrived, want %d", n, calls)
		}
		return nil
	})
	return true
}

func TestADeadlineFarAwayIsNoDeadlineAtOnce(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	deadline, cancel := context.WithDeadline(t.Context(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	defer cancel()
	timeout, cancel := context.WithTimeout(t.Context(), math.MaxInt64)
	defer cancel()
	patient := env.NewClient(rpcclient.Config{Timeout: math.MaxInt64})
	for name, of := range map[string]struct {
		c   *rpcclient.Client
		ctx context.Context
	}{"the year 9999": {env.Client, deadline}, "the longest time": {env.Client, timeout}, "the client's timeout": {patient, t.Context()}} {
		done := make(chan error, 1)
		go func() { done <- of.c.Call(of.ctx, "gate.pass", nil, 1) }()
		handler := within(t, g.entered, "call")
		if deadline, _ := handler.Deadline(); time.Until(deadline) < 300*24*time.Hour {
			t.Errorf("%s: the handler has until %v, want about a year", name, deadline)
		}
		g.leave <- struct{}{}
		if err := within(t, done, "answer"); err != nil {
			t.Errorf("%s: the call ended with %v", name, err)
		}
	}
}

func TestACallWhoseTimeIsOverIsNotSent(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)
	if _, err := math.Add(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}
	before := env.Client.Stats().FramesSent
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	_, err := math.Add(past, 1, 2)
	checkFailure(t, "a call after its deadline", err, failure{is: context.DeadlineExceeded, code: helium.CodeDeadlineExceeded, outcome: helium.NotExecuted, says: []string{"math.add"}})
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = math.Add(done, 1, 2)
	checkFailure(t, "a call cancelled before", err, failure{is: context.Canceled, code: helium.CodeCanceled, outcome: helium.NotExecuted})
	if sent := env.Client.Stats().FramesSent - before; sent != 0 {
		t.Errorf("%d calls were sent, want none", sent)
	}
}

func TestCancellationReachesTheHandler(t *testing.T) {
	env := heliumtest.New(t)
	one, other := newGate(), newGate() // only one of them has the call
	heliumtest.Serve(env, "gate", one)
	heliumtest.Serve(env, "gate", other)
	if err := env.Client.Call(t.Context(), "gate.free", nil, 1); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() error {
		if known := env.Client.Instances("gate"); len(known) != 2 {
			return fmt.Errorf("the client knows of %v, want two instances", known)
		}
		return nil
	})
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- env.Client.Call(ctx, "gate.pass", nil, 1) }()
		var handler context.Context
		select {
		case handler = <-one.entered:
		case handler = <-other.entered:
		case <-time.After(patience):
			t.Fatal("the call doesn't arrive")
		}
		if handler.Err() != nil {
			t.Errorf("the handler's context ended before the call was cancelled: %v", handler.Err())
		}
		cancel()
		checkFailure(t, "the call", within(t, done, "end of the call"), failure{is: context.Canceled, code: helium.CodeCanceled, outcome: helium.Unknown})
		within(t, handler.Done(), "end of the handler's context")
		if !errors.Is(handler.Err(), context.Canceled) {
			t.Errorf("the handler's context ended with %v, want Canceled", handler.Err())
		}
	}
}

// overdue is a context that doesn't say when it ends, and ends as one whose time is over.
type overdue struct{ context.Context }

func (overdue) Deadline() (time.Time, bool) { return time.Time{}, false }

func (c overdue) Err() error {
	if c.Context.Err() != nil {
		return context.DeadlineExceeded
	}
	return nil
}

func TestAContextWhoseTimeIsOverBeforeThatOfTheCallEndsTheHandlersToo(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
		g := newGate()
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "gate", g)
		ctx, end := context.WithCancel(t.Context())
		defer end()
		done := make(chan error, 1)
		go func() { done <- env.Client.Call(overdue{ctx}, "gate.pass", nil, 7) }()
		handler := within(t, g.entered, "call")
		end()
		wantError(t, within(t, done, "end of the call"), helium.ErrDeadline, helium.Unknown)
		within(t, handler.Done(), "end of the handler's context")
		if err := handler.Err(); err != context.DeadlineExceeded {
			t.Errorf("the handler's context ended with %v, want that its time is over", err)
		}
	})
}

func TestArgumentsThatFitNeitherAMessageNorMaxValueAreNotSent(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{MaxPayload: 256 << 10}, Client: rpcclient.Config{MaxValue: 1000}})
	srv := heliumtest.Serve(env, "shapes", newShapes())
	for _, size := range []int{256 << 10, 300 << 10, 8 << 20} {
		err := env.Client.Call(t.Context(), "shapes.reverse", nil, make([]byte, size))
		checkFailure(t, fmt.Sprintf("a call with %d bytes", size), err, failure{
			is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"at most 1000", "MaxValue"},
		})
	}
	if calls := srv.Stats().Calls; calls != 0 {
		t.Errorf("%d calls ran, want none", calls)
	}
	// What fits goes through, and a large one next to small ones too.
	for _, size := range []int{1, 60 << 10, 250 << 10, 2} {
		got, err := rpcclient.Call[[]byte](t.Context(), env.Client, "shapes.reverse", []byte(strings.Repeat("x", size)))
		if err != nil || len(got) != size {
			t.Errorf("reverse of %d bytes = %d bytes, %v", size, len(got), err)
		}
	}
}

func TestAnArgumentThatCannotBeEncodedIsNotSent(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "shapes", newShapes())
	err := env.Client.Call(t.Context(), "shapes.echo", nil, make(chan int))
	checkFailure(t, "a call with a channel", err, failure{is: helium.ErrBadArgument, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted})
	if sent := env.Client.Stats().FramesSent; sent != 0 {
		t.Errorf("%d calls were sent, want none", sent)
	}
}

func TestWhereAResultCannotGoIsSaidBeforeTheCall(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "shapes", newShapes())
	for _, result := range []any{0.0, (*float64)(nil), "sum", struct{}{}} {
		err := env.Client.Call(t.Context(), "shapes.add", result, 1, 2)
		checkFailure(t, fmt.Sprintf("a result into a %T", result), err, failure{
			is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"pointer"},
		})
	}
	if calls := srv.Stats().Calls; calls != 0 {
		t.Errorf("%d calls ran, want none", calls)
	}
}
