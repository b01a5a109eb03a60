package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestACallWithoutADeadlineHasTheClientsTimeout(t *testing.T) {
	const timeout = 100 * time.Millisecond
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: timeout}})
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	began := time.Now()
	err := env.Client.Call(context.Background(), "gate.pass", nil, 1)
	took := time.Since(began)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call ended with %v, want DeadlineExceeded", err)
	}
	if took < timeout || took > timeout+soon {
		t.Errorf("it took %v, want %v and little more", took, timeout)
	}
	// The handler was told how much time there is.
	ctx := within(t, g.entered, "call")
	if deadline, ok := ctx.Deadline(); !ok || deadline.Before(began) || deadline.After(began.Add(timeout+soon)) {
		t.Errorf("the handler's deadline is %v after the call began, want about %v", deadline.Sub(began), timeout)
	}
	within(t, ctx.Done(), "end of the handler's context")
}

func TestTheContextsDeadlineComesBeforeTheClientsTimeout(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: 10 * time.Second}})
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	close(g.leave)
	for _, left := range []time.Duration{patience, time.Hour} {
		ctx, cancel := context.WithTimeout(t.Context(), left)
		err := env.Client.Call(ctx, "gate.pass", nil, 1)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		deadline, _ := within(t, g.entered, "call").Deadline()
		if got := time.Until(deadline); got > left || got < left-patience/4 {
			t.Errorf("with %v left, the handler has %v", left, got)
		}
	}
}

func TestDeadlinesHoldWithThousandsOfCallsInFlight(t *testing.T) {
	const calls, timeout = 5000, 300 * time.Millisecond
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Timeout: timeout}})
	fake := newFakeServer(t, env, false) // it never answers
	if _, err := rpcclient.Func[func() (int64, error)](env.Client, "fake.do"); err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	began := time.Now()
	late := time.Duration(0)
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
	// A goroutine each for the test itself, and none for the deadlines.
	statsAre(t, env.Client, func(s rpcclient.Stats) error {
		if s.InFlight < calls && time.Since(began) < timeout {
			return fmt.Errorf("%d are in flight", s.InFlight)
		}
		return nil
	})
	if extra := runtime.NumGoroutine() - before; extra > calls+50 {
		t.Errorf("%d goroutines for %d calls", extra, calls)
	}
	for _, err := range within(t, all, "end of the calls") {
		checkFailure(t, "a call", err, failure{is: rpcclient.ErrDeadline, code: helium.DeadlineExceeded, outcome: helium.Unknown})
	}
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
	if s := env.Client.Stats(); s.InFlight != 0 || len(fake.calls) != calls {
		t.Errorf("in flight %d, sent %d; want 0 and %d", s.InFlight, len(fake.calls), calls)
	}
}

func TestADeadlineFarAwayIsNoDeadlineAtOnce(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	ctx, cancel := context.WithDeadline(t.Context(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- env.Client.Call(ctx, "gate.pass", nil, 1) }()
	handler := within(t, g.entered, "call")
	if deadline, _ := handler.Deadline(); time.Until(deadline) < 300*24*time.Hour {
		t.Errorf("the handler has until %v, want about a year", deadline)
	}
	close(g.leave)
	if err := within(t, done, "answer"); err != nil {
		t.Errorf("the call ended with %v", err)
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
	checkFailure(t, "a call after its deadline", err, failure{is: context.DeadlineExceeded, code: helium.DeadlineExceeded, outcome: helium.NotExecuted, says: []string{"math.add"}})
	done, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = math.Add(done, 1, 2)
	checkFailure(t, "a call cancelled before", err, failure{is: context.Canceled, code: helium.Canceled, outcome: helium.NotExecuted})
	if sent := env.Client.Stats().FramesSent - before; sent != 0 {
		t.Errorf("%d calls were sent, want none", sent)
	}
}

func TestCancellationReachesTheHandler(t *testing.T) {
	env := heliumtest.New(t)
	g := newGate()
	heliumtest.Serve(env, "gate", g)
	heliumtest.Serve(env, "gate", newGate()) // another instance, which has no such call
	first := env.Client
	for handler := context.Context(nil); handler == nil; {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- first.Call(ctx, "gate.pass", nil, 1) }()
		select {
		case handler = <-g.entered:
		case <-time.After(50 * time.Millisecond): // it went to the other one
		}
		if handler != nil && handler.Err() != nil {
			t.Errorf("the handler's context ended before the call was cancelled: %v", handler.Err())
		}
		cancel()
		checkFailure(t, "the call", within(t, done, "end of the call"), failure{is: context.Canceled, code: helium.Canceled, outcome: helium.Unknown})
		if handler != nil {
			within(t, handler.Done(), "end of the handler's context")
			if !errors.Is(handler.Err(), context.Canceled) {
				t.Errorf("the handler's context ended with %v, want Canceled", handler.Err())
			}
		}
	}
}

func TestArgumentsThatDoNotFitAMessageAreNotSent(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{MaxPayload: 256 << 10}})
	srv := heliumtest.Serve(env, "shapes", newShapes())
	for _, size := range []int{256 << 10, 300 << 10, 8 << 20} {
		err := env.Client.Call(t.Context(), "shapes.reverse", nil, make([]byte, size))
		checkFailure(t, fmt.Sprintf("a call with %d bytes", size), err, failure{
			is: rpcclient.ErrTooLarge, code: helium.ResourceExhausted, outcome: helium.NotExecuted, says: []string{"at most 262144"},
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
	checkFailure(t, "a call with a channel", err, failure{is: rpcclient.ErrBadArgument, code: helium.InvalidArgument, outcome: helium.NotExecuted})
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
			is: rpcclient.ErrMismatch, code: helium.InvalidArgument, outcome: helium.NotExecuted, says: []string{"pointer"},
		})
	}
	if calls := srv.Stats().Calls; calls != 0 {
		t.Errorf("%d calls ran, want none", calls)
	}
}
