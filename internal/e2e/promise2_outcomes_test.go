package e2e_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise2EveryErrorSaysWhetherTheHandlerCouldHaveRun(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		registerNobody(t, n, "empty", "run")
		f := &faulty{newWorker("w")}
		serve(t, n.dial(), n.config(rpcserver.Config{MaxValue: 4 << 20}), "faulty", f)
		t.Cleanup(func() { close(f.release) }) // before the server is shut down
		c := n.client(rpcclient.Config{MaxValue: 4 << 20})
		n.link(t, c, "faulty", 1)
		call := func(method string, args ...any) func(context.Context, int64) error {
			return func(ctx context.Context, id int64) error {
				return c.Call(ctx, method, nil, append([]any{id}, args...)...)
			}
		}
		for i, test := range []struct {
			name    string
			call    func(ctx context.Context, id int64) error
			code    helium.Code
			outcome helium.Outcome
		}{
			{"no such service", call("missing.run"), helium.CodeNotFound, helium.NotExecuted},
			{"no such method", call("faulty.missing"), helium.CodeUnimplemented, helium.NotExecuted},
			{"a name that can't be one", call("faulty.fail now"), helium.CodeInvalidArgument, helium.NotExecuted},
			{"nobody serves it", func(ctx context.Context, _ int64) error { return c.Call(ctx, "empty.run", nil) }, helium.CodeUnavailable, helium.NotExecuted},
			{"an argument too many", call("faulty.fail", 2), helium.CodeInvalidArgument, helium.NotExecuted},
			{"an argument that doesn't fit", call("faulty.small", 300), helium.CodeInvalidArgument, helium.NotExecuted},
			{"an argument of the wrong kind", call("faulty.small", "three"), helium.CodeInvalidArgument, helium.NotExecuted},
			{"an argument that can't be sent", call("faulty.take", make(chan int)), helium.CodeInvalidArgument, helium.NotExecuted},
			{"arguments larger than a value may be", call("faulty.take", make([]byte, 5<<20)), helium.CodeResourceExhausted, helium.NotExecuted},
			{"a context that was canceled before", func(ctx context.Context, id int64) error {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return c.Call(ctx, "faulty.fail", nil, id)
			}, helium.CodeCanceled, helium.NotExecuted},
			{"a deadline that was over before", func(ctx context.Context, id int64) error {
				ctx, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
				defer cancel()
				return c.Call(ctx, "faulty.fail", nil, id)
			}, helium.CodeDeadlineExceeded, helium.NotExecuted},
			{"a result of the wrong kind", func(ctx context.Context, id int64) error {
				_, err := rpcclient.Call[string](ctx, c, "faulty.run", id)
				return err
			}, helium.CodeInvalidArgument, helium.NotExecuted},

			{"the method's own error", call("faulty.fail"), helium.CodeFailedPrecondition, helium.Executed},
			{"an error without a code", call("faulty.failPlainly"), helium.CodeUnknown, helium.Executed},
			{"an error that claims that nothing ran", call("faulty.unavailable"), helium.CodeUnavailable, helium.Executed},
			{"a panic", call("faulty.panic"), helium.CodeInternal, helium.Executed},
			{"a result that can't be sent", call("faulty.unsendable"), helium.CodeInternal, helium.Executed},
			{"a result larger than a value may be", call("faulty.bytes", 5<<20), helium.CodeResourceExhausted, helium.Executed},
			{"a result that doesn't fit", func(ctx context.Context, id int64) error {
				_, err := rpcclient.Call[int8](ctx, c, "faulty.run", id)
				return err
			}, helium.CodeInternal, helium.Executed},

			// A handler that returned at its deadline might be heard just before the
			// caller's own, and would rightly be called Executed.
			{"a deadline while it ran", func(ctx context.Context, id int64) (err error) {
				for ctx.Err() == nil {
					short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
					err = c.Call(short, "faulty.outlive", nil, id)
					cancel()
					if helium.OutcomeOf(err) != helium.NotExecuted || f.times(id) > 0 {
						break
					}
					// On a machine that stood still its time was over before it ran.
				}
				return err
			}, helium.CodeDeadlineExceeded, helium.Unknown},
			{"a cancel while it ran", func(ctx context.Context, id int64) error {
				ctx, cancel := context.WithCancel(ctx)
				go func() {
					<-f.began
					cancel()
				}()
				return c.Call(ctx, "faulty.hold", nil, id)
			}, helium.CodeCanceled, helium.Unknown},
		} {
			for len(f.began) > 0 {
				<-f.began
			}
			id := int64(1000 + i)
			e := helium.AsError(test.call(testContext(t), id))
			if e == nil {
				t.Errorf("%s: no error, want %v, %v", test.name, test.code, test.outcome)
				continue
			}
			if e.Code != test.code || e.Outcome != test.outcome {
				t.Errorf("%s: error %v, code %v, outcome %v; want %v, %v", test.name, e, e.Code, e.Outcome, test.code, test.outcome)
			}
			if ran := f.times(id); ran > 1 || test.outcome == helium.NotExecuted && ran != 0 || test.outcome == helium.Executed && ran != 1 {
				t.Errorf("%s: the outcome is %v, and it ran %d times", test.name, e.Outcome, ran)
			}
			if e.Outcome == helium.Executed && !strings.Contains(test.name, "doesn't fit") && e.Instance == "" {
				t.Errorf("%s: error %+v, want the instance that ran it", test.name, e)
			}
		}
	})
}

func TestPromise2HoldsWhenConnectionsAndServersGo(t *testing.T) {
	t.Parallel()
	held := func(c *rpcclient.Client, w *worker) <-chan error {
		answer := make(chan error, 1)
		go func() { answer <- c.Call(testContext(t), "work.hold", nil, 1) }()
		receive(t, "a Hold that began", w.began)
		return answer
	}
	check := func(t *testing.T, err error, code helium.Code, outcome helium.Outcome) {
		t.Helper()
		if helium.CodeOf(err) != code || helium.OutcomeOf(err) != outcome {
			t.Errorf("error %v, code %v, outcome %v; want %v, %v", err, helium.CodeOf(err), helium.OutcomeOf(err), code, outcome)
		}
	}
	t.Run("the connection closes", func(t *testing.T) {
		n, w := newNetwork(t), newWorker("w")
		serve(t, n.dial(), rpcserver.Config{}, "work", w)
		nc := n.dial()
		c := newClient(t, nc, rpcclient.Config{})
		answer := held(c, w)
		nc.Close()
		check(t, receive(t, "an answer", answer), helium.CodeUnavailable, helium.Unknown)
		check(t, callWithin(patience, c, 2), helium.CodeUnavailable, helium.NotExecuted)
	})
	t.Run("the client closes", func(t *testing.T) {
		overEachLink(t, func(t *testing.T, n network) {
			w := newWorker("w")
			serve(t, n.dial(), n.config(rpcserver.Config{}), "work", w)
			c := n.client(rpcclient.Config{})
			n.link(t, c, "work", 1)
			answer := held(c, w)
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
			check(t, receive(t, "an answer", answer), helium.CodeFailedPrecondition, helium.Unknown)
			check(t, callWithin(patience, c, 2), helium.CodeFailedPrecondition, helium.NotExecuted)
		})
	})
	t.Run("the server is cut, with one call at work and one that waits", func(t *testing.T) {
		overEachLink(t, func(t *testing.T, n network) {
			w := newWorker("w")
			srv := serve(t, n.dial(), n.config(rpcserver.Config{MaxInFlight: 1, MaxQueue: 1}), "work", w)
			c := n.client(rpcclient.Config{MaxAttempts: 1})
			n.link(t, c, "work", 1)
			answer := held(c, w)
			waiting := make(chan error, 1)
			go func() { waiting <- callWithin(patience, c, 2) }()
			eventually(t, "a call that waits", func() error {
				if srv.Stats().Waiting != 1 {
					return errors.New("none")
				}
				return nil
			})
			over, cancel := context.WithCancel(context.Background())
			cancel()
			_ = srv.Shutdown(over) // the error says that calls were cut
			check(t, receive(t, "an answer", answer), helium.CodeUnavailable, helium.Unknown)
			check(t, receive(t, "an answer", waiting), helium.CodeUnavailable, helium.NotExecuted)
			if w.times(2) != 0 {
				t.Errorf("the call that waited ran %d times, want 0", w.times(2))
			}
		})
	})
	t.Run("the user may not call", func(t *testing.T) {
		b := startBroker(t, broker.Config{Listen: "127.0.0.1:0", Users: []broker.User{
			{Name: "all", Password: "a"},
			{Name: "reader", Password: "r", Publish: broker.Subjects{Allow: []string{"helium.binder.lookup.>"}}},
		}})
		connect := func(user, password string) *rpcclient.Client {
			nc, err := bus.Connect(testContext(t), bus.Config{URL: b.URL(), User: user, Password: password, Wait: true, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(nc.Close)
			return newClient(t, nc, rpcclient.Config{})
		}
		inside, err := b.ConnectWith(testContext(t), bus.Config{Name: "server", Wait: true, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		w := newWorker("w")
		startBinder(t, inside, longLease)
		serve(t, inside, rpcserver.Config{}, "work", w)
		check(t, callWithin(patience, connect("reader", "r"), 1), helium.CodePermissionDenied, helium.NotExecuted)
		if err := callWithin(patience, connect("all", "a"), 2); err != nil {
			t.Errorf("the user that may: %v, want nil", err)
		}
		if w.times(1) != 0 {
			t.Errorf("the call that isn't permitted ran %d times, want 0", w.times(1))
		}
	})
}
