package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// with returns an Env that serves shapes, and a client with these interceptors.
func with(t *testing.T, interceptors ...rpcclient.Interceptor) (*heliumtest.Env, *rpcserver.Server) {
	t.Helper()
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: interceptors}})
	return env, heliumtest.Serve(env, "shapes", newShapes())
}

// around makes an interceptor of a function.
func around(f func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error) rpcclient.Interceptor {
	return func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error { return f(ctx, call, next) }
	}
}

func TestInterceptorsWrapEveryWayOfCallingTheFirstOneOutermost(t *testing.T) {
	var seen []string
	note := func(name string) rpcclient.Interceptor {
		return around(func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error {
			seen = append(seen, fmt.Sprintf("%s %s.%s", name, call.Service(), call.Method()))
			err := next(ctx, call)
			seen = append(seen, fmt.Sprint(name, " ", err))
			return err
		})
	}
	env, _ := with(t, note("a"), note("b"))
	want := []string{"a shapes.touch", "b shapes.touch", "b <nil>", "a <nil>"}
	for _, way := range everyWay(t.Context(), env.Client, "shapes.touch", func(f func(context.Context) error) (none, error) { return none{}, f(t.Context()) }) {
		seen = nil
		if _, err := way.call(); err != nil || !reflect.DeepEqual(seen, want) {
			t.Errorf("%s: %v, and interceptors saw %q, want %q", way.name, err, seen, want)
		}
	}
	seen = nil
	if err := env.Client.Notify(t.Context(), "shapes.touch"); err != nil || !reflect.DeepEqual(seen, want) {
		t.Errorf("Notify: %v, and interceptors saw %q, want %q", err, seen, want)
	}
}

func TestMetadataGoesWithTheCallAndComesBackWithTheAnswer(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		var reply helium.Metadata
		env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{
			around(func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error {
				err := next(helium.WithMetadata(ctx, helium.Metadata{"trace": "t1"}), call)
				reply = call.ReplyMetadata
				return err
			}),
		}}})
		var received helium.Metadata
		serveOver(t, over, env, env.Client, rpcserver.Config{Interceptors: []rpcserver.Interceptor{
			func(next rpcserver.Handler) rpcserver.Handler {
				return func(ctx context.Context, call *rpcserver.Call) error {
					received = helium.MetadataFrom(ctx)
					call.ReplyMetadata = helium.Metadata{"served": call.Method()}
					return next(ctx, call)
				}
			},
		}}, "shapes", newShapes())

		ctx := helium.WithMetadata(t.Context(), helium.Metadata{"tenant": "acme"})
		if err := env.Client.Call(ctx, "shapes.touch", nil); err != nil {
			t.Fatal(err)
		}
		if want := (helium.Metadata{"tenant": "acme", "trace": "t1"}); !reflect.DeepEqual(received, want) {
			t.Errorf("the handler received %v, want %v", received, want)
		}
		if want := (helium.Metadata{"served": "touch"}); !reflect.DeepEqual(reply, want) {
			t.Errorf("back came %v, want %v", reply, want)
		}
		// Beside an error they come too, and the next call starts without.
		if err := env.Client.Call(ctx, "shapes.fail", nil, "sentinel"); !errors.Is(err, errEmpty) {
			t.Fatal(err)
		}
		if want := (helium.Metadata{"served": "fail"}); !reflect.DeepEqual(reply, want) {
			t.Errorf("beside an error came %v, want %v", reply, want)
		}
		if err := env.Client.Call(ctx, "shapes.add", nil, 1); err == nil || reply != nil {
			t.Errorf("beside an error of the client's own (%v) came %v, want nothing", err, reply)
		}
	})
}

func TestAnInterceptorCanFailACall(t *testing.T) {
	reason := errors.New("closed on Sundays")
	env, srv := with(t, around(func(_ context.Context, call *rpcclient.Invocation, _ rpcclient.Handler) error {
		if call.Method() == "touch" {
			return errEmpty
		}
		return reason
	}))
	err := env.Client.Call(t.Context(), "shapes.touch", nil)
	checkFailure(t, "a call failed with a helium.Error", err, failure{is: errEmpty, code: helium.CodeFailedPrecondition, outcome: helium.NotExecuted, says: []string{"shapes.touch"}})
	err = env.Client.Call(t.Context(), "shapes.version", nil)
	checkFailure(t, "a call failed with another error", err, failure{is: reason, code: helium.CodeUnknown, outcome: helium.NotExecuted, says: []string{"shapes.version", "Sundays"}})
	if calls := srv.Stats().Calls; calls != 0 {
		t.Errorf("%d calls ran, want none", calls)
	}
}

func TestAnErrorOfAnInterceptorDoesNotHideThatTheCallMayHaveRun(t *testing.T) {
	env, _ := with(t, around(func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error {
		if err := next(ctx, call); err != nil {
			return err
		}
		return errEmpty.WithOutcome(helium.NotExecuted) // it is mistaken
	}))
	err := env.Client.Call(t.Context(), "shapes.touch", nil)
	checkFailure(t, "the call", err, failure{is: errEmpty, code: helium.CodeFailedPrecondition, outcome: helium.Unknown})
}

func TestAnInterceptorThatSwallowsAnErrorIsTold(t *testing.T) {
	env, _ := with(t, around(func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error {
		if call.Method() == "fail" {
			_ = next(ctx, call)
		}
		return nil
	}))
	checkFailure(t, "a call that was never made", env.Client.Call(t.Context(), "shapes.touch", nil), failure{
		is: helium.ErrInterceptor, code: helium.CodeInternal, outcome: helium.NotExecuted,
	})
	checkFailure(t, "a call that failed", env.Client.Call(t.Context(), "shapes.fail", nil, "plain"), failure{
		is: helium.ErrInterceptor, code: helium.CodeInternal, outcome: helium.Unknown,
	})
}

func TestAnInterceptorMayCallAgain(t *testing.T) {
	env, srv := with(t, around(func(ctx context.Context, call *rpcclient.Invocation, next rpcclient.Handler) error {
		if err := next(ctx, call); err != nil {
			return err
		}
		return next(ctx, call)
	}))
	sum, err := rpcclient.Call[int](t.Context(), env.Client, "shapes.add", 2, 3)
	if err != nil || sum != 5 {
		t.Errorf("add(2, 3) = %d, %v; want 5, nil", sum, err)
	}
	if calls := srv.Stats().Calls; calls != 2 {
		t.Errorf("the server had %d calls, want 2", calls)
	}
}
