package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// doing is an interceptor that does what the metadata of a call name, and calls next for others.
func doing(what map[string]rpcserver.Interceptor) rpcserver.Interceptor {
	return func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			if do := what[helium.MetadataFrom(ctx)["do"]]; do != nil {
				return do(next)(ctx, call)
			}
			return next(ctx, call)
		}
	}
}

// instead is an interceptor that runs a handler and leaves the method's alone.
func instead(handler rpcserver.Handler) rpcserver.Interceptor {
	return func(rpcserver.Handler) rpcserver.Handler { return handler }
}

// forgets is an interceptor that returns nil and nothing else.
var forgets = instead(func(context.Context, *rpcserver.Call) error { return nil })

// swallows is one that returns nil whatever next returns.
func swallows(next rpcserver.Handler) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		_ = next(ctx, call)
		return nil
	}
}

// do returns a context whose calls have an interceptor do something.
func do(t *testing.T, what string) context.Context {
	return helium.WithMetadata(testContext(t), helium.Metadata{"do": what})
}

func TestAnInterceptorThatReturnsNilThoughNothingRanIsNoSuccess(t *testing.T) {
	config := rpcserver.Config{Logger: quiet(), Interceptors: []rpcserver.Interceptor{doing(map[string]rpcserver.Interceptor{"forget": forgets, "swallow": swallows})}}
	w, _, p, c := start(t, config)
	serveTap(t, w, config)
	call := func(method string, args ...any) func(ctx context.Context) error {
		return func(ctx context.Context) error { return c.Call(ctx, method, nil, args...) }
	}
	stream := func(method string, args ...any) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			for _, err := range rpcclient.Stream[int](ctx, c, method, args...) {
				return err
			}
			return nil
		}
	}
	sent := iter.Seq2[int, error](func(yield func(int, error) bool) { yield(1, nil) })
	for _, test := range []struct {
		name, do string
		call     func(ctx context.Context) error
	}{
		{"a call", "forget", func(ctx context.Context) error {
			_, err := rpcclient.Call[string](ctx, c, "probe.echo", "hi")
			return err
		}},
		{"a call without a result", "forget", call("probe.count")},
		{"a call whose error is passed over", "swallow", call("probe.echo", 7)},
		{"a call with an idempotency key", "forget", func(ctx context.Context) error {
			return c.Call(rpcclient.WithIdempotencyKey(ctx, "forgotten"), "probe.count", nil)
		}},
		{"a stream of items that come", "forget", stream("tap.run")},
		{"a stream of items that are sent", "forget", call("tap.sum", sent)},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.calls.Store(0)
			err := test.call(do(t, test.do))
			if !errors.Is(err, helium.ErrInterceptor) || helium.OutcomeOf(err) != helium.NotExecuted || p.calls.Load() != 0 {
				t.Errorf("got %v (%v), and the handler ran %d times; want helium.ErrInterceptor, not executed, and 0", err, helium.OutcomeOf(err), p.calls.Load())
			}
			if err != nil && !strings.Contains(err.Error(), "an interceptor of the server returned nil") {
				t.Errorf("got %q, want it to say whose interceptor it was", err)
			}
		})
	}
	// Nothing is kept for the key: a call that reaches the handler runs.
	p.calls.Store(0)
	if err := c.Call(rpcclient.WithIdempotencyKey(testContext(t), "forgotten"), "probe.count", nil); err != nil || p.calls.Load() != 1 {
		t.Errorf("the next call with the key: got %v, and the handler ran %d times; want nil and 1", err, p.calls.Load())
	}
}

func TestACallThatWaitedForAnotherOfItsKeyIsUnknownWhenAnInterceptorReturnsNil(t *testing.T) {
	_, _, p, c := start(t, rpcserver.Config{Logger: quiet(), Interceptors: []rpcserver.Interceptor{doing(map[string]rpcserver.Interceptor{
		"hurry": func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				over, end := context.WithCancel(ctx)
				end()
				_ = next(over, call)
				return nil
			}
		},
	})}})
	keyed := func(ctx context.Context) error {
		return c.Call(rpcclient.WithIdempotencyKey(ctx, "one"), "probe.block", nil)
	}
	first := make(chan error, 1)
	go func() { first <- keyed(testContext(t)) }()
	receive(t, "the first call", p.entered)
	if err := keyed(do(t, "hurry")); !errors.Is(err, helium.ErrInterceptor) || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("got %v (%v), want helium.ErrInterceptor, unknown", err, helium.OutcomeOf(err))
	}
	p.releaseAll()
	if err := receive(t, "the first call's end", first); err != nil {
		t.Error(err)
	}
}

func TestAOneWayCallThatAnInterceptorForgetsIsCountedAsUnheard(t *testing.T) {
	_, srv, _, c := start(t, rpcserver.Config{Logger: quiet(), Interceptors: []rpcserver.Interceptor{forgets}})
	if err := c.Notify(testContext(t), "probe.count"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the call is counted", func() bool { return srv.Stats().Unheard == 1 })
}

func TestAPlainRequestThatAnInterceptorForgetsIsToldSo(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{forgets}})
	answer, err := w.conn().RequestWithContext(testContext(t), count, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(answer.Header, string(answer.Data)); !strings.Contains(text, helium.ErrInterceptor.Reason) {
		t.Errorf("got %s, want an error with the reason %s", text, helium.ErrInterceptor.Reason)
	}
}

func TestAnInterceptorThatAnswersItselfIsNoFault(t *testing.T) {
	config := rpcserver.Config{Logger: quiet(), Interceptors: []rpcserver.Interceptor{doing(map[string]rpcserver.Interceptor{
		"nil": instead(func(_ context.Context, call *rpcserver.Call) error {
			call.Result.Nil()
			return nil
		}),
		"yield": instead(func(_ context.Context, call *rpcserver.Call) error {
			items := func(yield func(int, error) bool) { _ = yield(7, nil) && yield(8, nil) }
			return rpcserver.Yield(call, items, func(w *codec.Writer, x int) { w.Int(int64(x)) })
		}),
		"yield nothing": instead(func(_ context.Context, call *rpcserver.Call) error {
			return rpcserver.Yield(call, func(func(int, error) bool) {}, func(*codec.Writer, int) {})
		}),
		"swallow": swallows,
	})}}
	w, _, p, c := start(t, config)
	serveTap(t, w, config)
	if err := c.Call(do(t, "nil"), "probe.count", nil); err != nil || p.calls.Load() != 0 {
		t.Errorf("nil as the result: got %v, and the handler ran %d times; want nil and 0", err, p.calls.Load())
	}
	for what, want := range map[string][]int{"yield": {7, 8}, "yield nothing": nil} {
		var got []int
		for x, err := range rpcclient.Stream[int](do(t, what), c, "tap.run") {
			if err != nil {
				t.Errorf("%s: %v, want no error", what, err)
				break
			}
			got = append(got, x)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	// What ran is over, and whether its error counts is the interceptor's to say.
	if err := c.Call(do(t, "swallow"), "probe.fail", nil, "plain"); err != nil {
		t.Errorf("an error of the handler that is passed over: got %v, want nil", err)
	}
	// Of a key's calls one runs, and the others get what it returned, be it nothing.
	for range 2 {
		if err := c.Call(rpcclient.WithIdempotencyKey(testContext(t), "counted"), "probe.count", nil); err != nil || p.calls.Load() != 1 {
			t.Errorf("a call with a key: got %v, and the handler ran %d times; want nil and 1", err, p.calls.Load())
		}
	}
}

func TestAPanicOfAnInterceptorIsNotSaidToBeTheHandlers(t *testing.T) {
	var log logBook
	_, _, _, c := start(t, rpcserver.Config{Logger: log.logger(), Interceptors: []rpcserver.Interceptor{doing(map[string]rpcserver.Interceptor{
		"panic": instead(func(context.Context, *rpcserver.Call) error { panic("in the interceptor") }),
	})}})
	for _, test := range []struct{ do, method, want, logged string }{
		{"panic", "probe.echo", "an interceptor around the handler of probe.echo panicked", "an interceptor panicked"},
		{"", "probe.panic", "the handler of probe.panic panicked", "a handler panicked"},
	} {
		err := c.Call(do(t, test.do), test.method, nil, "hi")
		if !errors.Is(err, helium.ErrPanic) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want helium.ErrPanic and %q", test.method, err, test.want)
		}
		if lines := log.lines(test.logged); len(lines) != 1 {
			t.Errorf("%s: logged %q, want one line with %q", test.method, log.String(), test.logged)
		}
	}
}
