package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// counted counts how often an iterator is ranged over.
func counted(ranges *int, items iter.Seq2[int, error]) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		*ranges++
		items(yield)
	}
}

// secondly is an interceptor of a client that calls next twice, with something in between, and keeps
// what it returned the second time.
func secondly(between func(first error), second *error) rpcclient.Interceptor {
	return func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			between(next(ctx, call))
			*second = next(ctx, call)
			return *second
		}
	}
}

func TestAStreamWhoseIteratorWasAskedForItemsBeginsNoSecondTimeForAnInterceptor(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		f := newFeeder()
		serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", f)
		var first, second error
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{secondly(func(err error) { first = err }, &second)}})
		ranges := 0
		_, err := rpcclient.Call[int](testContext(t), c, "feed.sum", counted(&ranges, ints(1, 10)))
		if e := helium.AsError(err); first != nil || !errors.Is(err, helium.ErrInterceptor) || !errors.Is(second, helium.ErrInterceptor) || e.Outcome != helium.Unknown {
			t.Errorf("next returned %v and %v, and the call %v (%v); want nil, helium.ErrInterceptor, and that with an outcome that is unknown, as it ran once", first, second, err, helium.OutcomeOf(err))
		}
		if ranges != 1 || len(f.over) != 1 {
			t.Errorf("the iterator was ranged over %d times and the handler ran %d times, want once each", ranges, len(f.over))
		}
	})
}

func TestAStreamOfWhichNothingWasTakenBeginsASecondTimeForAnInterceptor(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		srv := serve(t, n.dial(), n.config(rpcserver.Config{MaxStreams: 1}), "feed", newFeeder())
		var first, second error
		next, stop := iter.Pull2(rpcclient.Stream[int](testContext(t), n.client(rpcclient.Config{}), "feed.numbers", -1))
		defer stop()
		if _, err, _ := next(); err != nil { // it takes the room of the other
			t.Fatal(err)
		}
		c := n.client(rpcclient.Config{MaxAttempts: 1, Interceptors: []rpcclient.Interceptor{secondly(func(err error) {
			first = err
			stop()
			eventually(t, "room for a stream", func() error {
				if running := srv.Stats().Streams; running > 0 {
					return fmt.Errorf("%d run", running)
				}
				return nil
			})
		}, &second)}})
		ranges := 0
		sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", counted(&ranges, ints(1, 10)))
		if !errors.Is(first, helium.ErrOverloaded) || second != nil || err != nil || sum != 11 || ranges != 1 {
			t.Errorf("next returned %v and %v, and the call %d, %v, after %d ranges; want helium.ErrOverloaded, nil, 11, nil, and 1", first, second, sum, err, ranges)
		}
	})
}

func TestAStreamWhoseLoopIsLeftBeginsNoSecondTimeForAnInterceptor(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		serve(t, n.dial(), n.config(rpcserver.Config{}), "feed", newFeeder())
		var first, second error
		c := n.client(rpcclient.Config{Interceptors: []rpcclient.Interceptor{secondly(func(err error) { first = err }, &second)}})
		var got []int
		for x, err := range rpcclient.Stream[int](testContext(t), c, "feed.numbers", -1) {
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, x); x == 1 {
				break
			}
		}
		if !slices.Equal(got, []int{0, 1}) || first != nil || !errors.Is(second, helium.ErrInterceptor) {
			t.Errorf("the loop got %v, and next returned %v and %v; want 0 and 1, nil, and helium.ErrInterceptor", got, first, second)
		}
	})
}

func TestAnInterceptorOfAServerRunsTheHandlerOfAStreamAgainUnlessThatHasTakenItems(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		f := newFeeder()
		var second error
		again := func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				args := call.Args
				if err := next(ctx, call); err != nil {
					return err
				}
				call.Args = args
				call.Result.Reset()
				second = next(ctx, call)
				return second
			}
		}
		serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: []rpcserver.Interceptor{again}}), "feed", f)
		c := n.client(rpcclient.Config{})
		got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 2))
		if want := []int{0, 1, 0, 1}; err != nil || second != nil || !slices.Equal(got, want) {
			t.Errorf("of what only sends items came %v, %v, and next returned %v; want %v, nil, nil", got, err, second, want)
		}
		sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", ints())
		if err != nil || second != nil || sum != 0 {
			t.Errorf("with nothing to take it gave %d, %v, and next returned %v; want 0, nil, nil", sum, err, second)
		}
		ran := len(f.over)
		_, err = rpcclient.Call[int](testContext(t), c, "feed.sum", ints(1, 10))
		if !errors.Is(err, helium.ErrInterceptor) || !errors.Is(second, helium.ErrInterceptor) || helium.OutcomeOf(err) != helium.Executed || len(f.over) != ran+1 {
			t.Errorf("with items to take it gave %v (%v), and next returned %v, after %d runs; want helium.ErrInterceptor, executed, and 1", err, helium.OutcomeOf(err), second, len(f.over)-ran)
		}
	})
}
