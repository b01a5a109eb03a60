package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestInterceptorsRunInOrderTheFirstOutermost(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	note := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, text)
	}
	noting := func(name string) rpcserver.Interceptor {
		return func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				args := call.Args // a copy, so that the handler reads them too
				text, err := args.String()
				note(fmt.Sprintf("%s before %s.%s(%s) %v", name, call.Service(), call.Method(), text, err))
				err = next(ctx, call)
				result := call.ReadResult()
				answer, readErr := result.String()
				note(fmt.Sprintf("%s after %s %v", name, answer, readErr))
				return err
			}
		}
	}
	_, _, _, c := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{noting("a"), noting("b")}})
	if got, err := rpcclient.Call[string](testContext(t), c, "probe.echo", "hi"); got != "hi" || err != nil {
		t.Fatalf("echo = %q, %v; want hi, nil", got, err)
	}
	want := []string{"a before probe.echo(hi) <nil>", "b before probe.echo(hi) <nil>", "b after hi <nil>", "a after hi <nil>"}
	if !slices.Equal(seen, want) {
		t.Errorf("seen %q, want %q", seen, want)
	}
}

var errNoEntry = helium.NewError(helium.CodePermissionDenied, "probe.no_entry", "no entry")

func TestAnInterceptorMayRefuseChangeOrPanic(t *testing.T) {
	_, _, p, c := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{
		func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				switch helium.MetadataFrom(ctx)["do"] {
				case "refuse":
					return errNoEntry
				case "panic":
					panic("in the interceptor")
				case "panic late":
					defer panic("in the interceptor")
				case "replace":
					err := next(ctx, call)
					call.Result.Reset()
					call.Result.String("replaced")
					return err
				case "answer":
					call.Result.String("answered")
					return nil
				case "again":
					_ = next(ctx, call)
					call.Result.Reset()
					return next(ctx, call)
				case "again with a copy":
					args := call.Args
					_ = next(ctx, call)
					call.Args = args
					call.Result.Reset()
					return next(ctx, call)
				case "hide":
					_ = next(ctx, call)
					return errNoEntry
				}
				return next(ctx, call)
			}
		},
	}})
	for _, c2 := range []struct {
		do      string
		result  string
		err     error
		outcome helium.Outcome
		ran     int64
	}{
		{"nothing", "hi", nil, helium.Executed, 1},
		{"refuse", "", errNoEntry, helium.NotExecuted, 0},
		{"panic", "", helium.ErrPanic, helium.NotExecuted, 0},
		{"panic late", "", helium.ErrPanic, helium.Executed, 1},
		{"replace", "replaced", nil, helium.Executed, 1},
		{"answer", "answered", nil, helium.Executed, 0},
		{"hide", "", errNoEntry, helium.Executed, 1},
		{"again", "", helium.ErrBadArgument, helium.Executed, 1},
		{"again with a copy", "hi", nil, helium.Executed, 2},
	} {
		t.Run(c2.do, func(t *testing.T) {
			p.calls.Store(0)
			ctx := helium.WithMetadata(testContext(t), helium.Metadata{"do": c2.do})
			got, err := rpcclient.Call[string](ctx, c, "probe.echo", "hi")
			if got != c2.result || !errors.Is(err, c2.err) || helium.OutcomeOf(err) != c2.outcome || p.calls.Load() != c2.ran {
				t.Errorf("got %q, %v (%v), ran %d times; want %q, %v (%v), %d", got, err, helium.OutcomeOf(err), p.calls.Load(), c2.result, c2.err, c2.outcome, c2.ran)
			}
		})
	}
}

func TestACallOfAKeyIsAnsweredThoughAnInterceptorLosesItsContext(t *testing.T) {
	var none context.Context
	_, _, _, c := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{
		func(next rpcserver.Handler) rpcserver.Handler {
			return func(_ context.Context, call *rpcserver.Call) error { return next(none, call) }
		},
	}})
	ctx := rpcclient.WithIdempotencyKey(testContext(t), "order-7")
	for i := range 2 {
		if got, err := rpcclient.Call[string](ctx, c, "probe.echo", "hi"); got != "hi" || err != nil {
			t.Errorf("call %d of the key = %q, %v; want hi, nil", i+1, got, err)
		}
	}
}

func TestMetadataArriveAndReplyMetadataGoBack(t *testing.T) {
	received := make(chan helium.Metadata, 2)
	inner := make(chan helium.Metadata, 2)
	var c atomic.Pointer[rpcclient.Client]
	w, _, _, client := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{
		func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				md := helium.MetadataFrom(ctx)
				if call.Method() == "count" {
					inner <- md
					return next(ctx, call)
				}
				received <- md
				if got := call.Metadata()["tenant"]; got != md["tenant"] {
					return fmt.Errorf("call.Metadata has the tenant %q, the context %q", got, md["tenant"])
				}
				call.ReplyMetadata = helium.Metadata{"shard": "7"}
				// A call that the handler makes doesn't carry them by itself.
				if err := c.Load().Call(ctx, "probe.count", nil); err != nil {
					return err
				}
				return next(ctx, call)
			}
		},
	}})
	c.Store(client)
	reply := make(chan helium.Metadata, 1)
	caller, err := rpcclient.New(w.conn(), rpcclient.Config{Logger: quiet(), Interceptors: []rpcclient.Interceptor{
		func(next rpcclient.Handler) rpcclient.Handler {
			return func(ctx context.Context, call *rpcclient.Invocation) error {
				err := next(ctx, call)
				reply <- call.ReplyMetadata
				return err
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	ctx := helium.WithMetadata(testContext(t), helium.Metadata{"tenant": "blue"})
	if _, err := rpcclient.Call[string](ctx, caller, "probe.echo", "hi"); err != nil {
		t.Fatal(err)
	}
	if got := (<-received)["tenant"]; got != "blue" {
		t.Errorf("the handler got the tenant %q, want blue", got)
	}
	if got := <-inner; got != nil {
		t.Errorf("the call that the handler made carried %v, want nothing", got)
	}
	if got := (<-reply)["shard"]; got != "7" {
		t.Errorf("the caller got the shard %q, want 7", got)
	}
}
