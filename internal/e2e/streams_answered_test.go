package e2e_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// answering is an interceptor of a server that answers by itself once the handler has run, if that is to.
func answering(runs bool, answer func(call *rpcserver.Call) error) []rpcserver.Interceptor {
	return []rpcserver.Interceptor{func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			if runs {
				if err := next(ctx, call); err != nil {
					return err
				}
			}
			return answer(call)
		}
	}}
}

func TestAnInterceptorThatAnswersAMethodWithAValueByItemsHasItsCallerToldAtOnceWhetherItRan(t *testing.T) {
	t.Parallel()
	yield := func(call *rpcserver.Call) error {
		return rpcserver.Yield(call, ints(5, 6), func(w *codec.Writer, x int) { w.Int(int64(x)) })
	}
	for runs, want := range map[bool]helium.Outcome{false: helium.NotExecuted, true: helium.Executed} {
		overEachLink(t, func(t *testing.T, n network) {
			f := newFeeder()
			serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: answering(runs, yield)}), "feed", f)
			c := n.client(rpcclient.Config{})
			n.link(t, c, "feed", 1)
			sum, err := rpcclient.Call[int](testContext(t), c, "feed.sum", ints(1, 2))
			if !errors.Is(err, helium.ErrInterceptor) || helium.OutcomeOf(err) != want {
				t.Errorf("it gave %d, %v (%v); want helium.ErrInterceptor, %v", sum, err, helium.OutcomeOf(err), want)
			}
			if ran := len(f.over) > 0; ran != runs {
				t.Errorf("the handler ran: %t, want %t", ran, runs)
			}
		})
	}
}

func TestAResultThatIsWrittenForAMethodWithItemsIsAnErrorAndNotLostInSilence(t *testing.T) {
	t.Parallel()
	for _, result := range []any{7, make([]byte, 3<<20)} { // the other one fits no message
		for runs, want := range map[bool]helium.Outcome{false: helium.NotExecuted, true: helium.Executed} {
			write := func(call *rpcserver.Call) error {
				call.Result.Value(result)
				return nil
			}
			overEachLink(t, func(t *testing.T, n network) {
				serve(t, n.dial(), n.config(rpcserver.Config{Interceptors: answering(runs, write)}), "feed", newFeeder())
				c := n.client(rpcclient.Config{})
				n.link(t, c, "feed", 1)
				var items []int
				if runs {
					items = []int{0, 1, 2}
				}
				got, err := gather(rpcclient.Stream[int](testContext(t), c, "feed.numbers", 3))
				if !errors.Is(err, helium.ErrInterceptor) || helium.OutcomeOf(err) != want || !slices.Equal(got, items) {
					t.Errorf("it gave %v, %v (%v); want %v, and then helium.ErrInterceptor, %v", got, err, helium.OutcomeOf(err), items, want)
				}
			})
		}
	}
}

func TestAnInterceptorAnswersAMethodWithItemsByNoneIfItWritesNil(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	f := newFeeder()
	serve(t, n.dial(), rpcserver.Config{Interceptors: answering(false, func(call *rpcserver.Call) error {
		call.Result.Nil()
		return nil
	})}, "feed", f)
	got, err := gather(rpcclient.Stream[int](testContext(t), n.client(rpcclient.Config{}), "feed.numbers", 3))
	if err != nil || len(got) > 0 || len(f.over) > 0 {
		t.Errorf("it gave %v, %v, and the handler ran %d times; want nothing, nil, and none", got, err, len(f.over))
	}
}
