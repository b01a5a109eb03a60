package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestShutdownFinishesTheCallsThatItHas(t *testing.T) {
	w, srv, p, c := start(t, rpcserver.Config{MaxInFlight: 2, MaxQueue: 10})
	errs := make(chan error, 5)
	for range 5 {
		go func() { errs <- c.Call(testContext(t), "probe.block", nil) }()
	}
	eventually(t, "2 run and 3 wait", func() bool { s := srv.Stats(); return s.Running == 2 && s.Waiting == 3 })
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(testContext(t)) }()
	registry := w.registry()
	eventually(t, "it has left the registry", func() bool {
		_, err := registry.Lookup(testContext(t), "probe")
		return errors.Is(err, helium.ErrUnknownService)
	})
	select {
	case err := <-down:
		t.Fatalf("Shutdown returned %v while calls run", err)
	default:
	}
	p.releaseAll()
	for range 5 {
		if err := receive(t, "a call's answer", errs); err != nil {
			t.Errorf("a call got %v, want its result", err)
		}
	}
	if err := receive(t, "Shutdown", down); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
}

func TestShutdownWithinADeadlineCutsCallsAndTellsTheirCallers(t *testing.T) {
	w, srv, p, c := start(t, rpcserver.Config{MaxInFlight: 2, MaxQueue: 10})
	errs := make(chan error, 5)
	for range 5 {
		go func() { errs <- c.Call(testContext(t), "probe.block", nil) }()
	}
	eventually(t, "2 run and 3 wait", func() bool { s := srv.Stats(); return s.Running == 2 && s.Waiting == 3 })
	plain := make(chan string, 1)
	nc := w.conn()
	go func() {
		msg, err := nc.Request(block, nil, patience)
		if err != nil {
			plain <- err.Error()
			return
		}
		plain <- string(msg.Data)
	}()
	eventually(t, "the plain request waits", func() bool { return srv.Stats().Waiting == 4 })

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	wants(t, srv.Shutdown(ctx), "6 calls cut")
	outcomes := map[helium.Outcome]int{}
	for range 5 {
		err := receive(t, "a call's answer", errs)
		e := helium.AsError(err)
		if !errors.Is(err, helium.ErrCut) || e.Code != helium.CodeUnavailable || e.Instance != srv.Instance() {
			t.Errorf("a call got %v, want ErrCut, unavailable, by the instance", err)
		}
		outcomes[e.Outcome]++
	}
	if outcomes[helium.Unknown] != 2 || outcomes[helium.NotExecuted] != 3 {
		t.Errorf("outcomes: %v; want 2 unknown, of those that ran, and 3 not executed", outcomes)
	}
	if got := receive(t, "the plain request's answer", plain); !strings.Contains(got, "helium.cut") {
		t.Errorf("the plain request got %q, want helium.cut", got)
	}
	for range 2 {
		handler := receive(t, "a handler", p.entered)
		receive(t, "the end of a handler's context", handler.Done())
		if handler.Err() != context.Canceled {
			t.Errorf("the handler's context ended with %v, want canceled", handler.Err())
		}
	}
	p.releaseAll()
	eventually(t, "the handlers are done", func() bool { return srv.Stats().Running == 0 })
	if got := p.calls.Load(); got != 2 {
		t.Errorf("%d calls ran, want the 2 that had begun", got)
	}
	if s := srv.Stats(); s.RepliesSent != 5 {
		t.Errorf("%d replies were sent to 5 calls", s.RepliesSent)
	}
}

func TestACutHandlerMayGoOnWriting(t *testing.T) {
	stop := make(chan struct{})
	_, srv, _, c := start(t, rpcserver.Config{Interceptors: []rpcserver.Interceptor{
		func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				call.ReplyMetadata = helium.Metadata{}
				for i := 0; ; i++ {
					select {
					case <-stop:
						return nil
					default:
						call.ReplyMetadata[fmt.Sprint(i%100)] = "x"
						call.Result.Reset()
						call.Result.Int(int64(i))
					}
				}
			}
		},
	}})
	errs := make(chan error, 1)
	go func() { errs <- c.Call(testContext(t), "probe.echo", nil, "x") }()
	eventually(t, "it runs", func() bool { return srv.Stats().Running == 1 })
	wants(t, srv.Shutdown(ended(t)), "1 call cut")
	if err := receive(t, "the caller", errs); !errors.Is(err, helium.ErrCut) {
		t.Errorf("the caller got %v, want ErrCut", err)
	}
	close(stop)
	eventually(t, "the handler is done", func() bool { return srv.Stats().Running == 0 })
}

func TestDrainTimeoutBoundsShutdown(t *testing.T) {
	_, srv, p, c := start(t, rpcserver.Config{DrainTimeout: 20 * time.Millisecond})
	errs := make(chan error, 1)
	go func() { errs <- c.Call(testContext(t), "probe.block", nil) }()
	receive(t, "the call", p.entered)
	wants(t, srv.Shutdown(context.Background()), "1 call cut")
	if err := receive(t, "the caller", errs); !errors.Is(err, helium.ErrCut) {
		t.Errorf("the caller got %v, want ErrCut", err)
	}
}

func TestShutdownMayBeCalledByManyAtOnce(t *testing.T) {
	_, srv, p, c := start(t, rpcserver.Config{})
	errs := make(chan error, 1)
	go func() { errs <- c.Call(testContext(t), "probe.block", nil) }()
	receive(t, "the call", p.entered)
	var returned atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := srv.Shutdown(testContext(t)); err != nil {
				t.Errorf("Shutdown = %v, want nil", err)
			}
			returned.Add(1)
		})
	}
	eventually(t, "it takes no more calls", func() bool {
		return c.Call(testContext(t), "probe.count", nil) != nil
	})
	if got := returned.Load(); got != 0 {
		t.Errorf("%d of the Shutdowns returned while a call runs", got)
	}
	wants(t, srv.Shutdown(ended(t)), "another Shutdown is under way")
	p.releaseAll()
	wg.Wait()
	if err := receive(t, "the caller", errs); err != nil {
		t.Errorf("the call got %v, want its result", err)
	}
}

func TestAShutdownAfterAnotherReturnsWhatThatOneReturnedWhateverItsContext(t *testing.T) {
	for name, config := range map[string]rpcserver.Config{"an ended context": {}, "no time to drain": {DrainTimeout: 1}} {
		w := newWorld(t, broker.Config{})
		w.startBinder(binder.Config{})
		srv, _ := w.serve(config)
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Fatal(err)
		}
		for range 50 { // a choice at random would be right once in two times
			if err := srv.Shutdown(ended(t)); err != nil {
				t.Fatalf("%s: Shutdown again = %v, want nil as before", name, err)
			}
		}
	}
}

func TestShutdownWhileDisconnectedReturnsAndOpensNothingAgain(t *testing.T) {
	proxy := loopback.NewProxy(t)
	w := behind(t, proxy, broker.Config{Dir: t.TempDir()})
	w.startBinder(binder.Config{})
	nc := w.dial(proxy)
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(srv, "probe", newProbe()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	proxy.Forward("")
	w.broker.Close()
	eventually(t, "the connection is down", func() bool { return !nc.IsConnected() })
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	again := behind(t, proxy, broker.Config{})
	eventually(t, "the connection is up again", nc.IsConnected)
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	if got, err := again.conn().Request(echo, []byte(`["x"]`), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a call got %v, %v; want no responders", got, err)
	}
}

func TestNoCallIsLostWhenItsServerLeavesAtThatMoment(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{MaxQueue: 10_000})
	peer := w.peer()
	const calls = 3000
	for i := range calls {
		peer.send(echo, fmt.Sprint(i), message(callFrame(1, "x")))
		if i == calls/2 {
			go srv.Shutdown(context.Background())
		}
	}
	answered, nobody := 0, 0
	for answered+nobody < calls {
		switch _, err := peer.sub.NextMsg(patience); {
		case errors.Is(err, nats.ErrNoResponders):
			nobody++
		case err != nil:
			t.Fatalf("%d calls were answered and %d found nobody, and then: %v; want %d in all", answered, nobody, err, calls)
		default:
			answered++
		}
	}
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
}

func TestARestartOfInstancesUnderLoadLosesNoCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	var executed atomic.Int64
	up := func() *rpcserver.Server {
		srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet(), MaxQueue: 10_000})
		if err := rpcserver.Register(srv, "tally", &tally{&executed}); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		return srv
	}
	old, other := up(), up()
	stop := make(chan struct{})
	var done atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		// So much time that none is refused as it can't be run in time, however slow the machine is.
		c := w.client(rpcclient.Config{Timeout: time.Minute})
		for range 500 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if err := c.Call(context.Background(), "tally.one", nil); err != nil {
						t.Errorf("a call got %v", err)
						return
					}
					done.Add(1)
				}
			})
		}
	}
	for range 10 {
		before := done.Load()
		eventually(t, "calls go on", func() bool { return done.Load() > before+2000 || t.Failed() })
		next := up()
		if err := old.Shutdown(testContext(t)); err != nil {
			t.Errorf("Shutdown = %v, want nil", err)
		}
		old, other = other, next
	}
	close(stop)
	wg.Wait()
	if got, want := executed.Load(), done.Load(); got != want {
		t.Errorf("%d calls were executed for %d that succeeded; each should run once", got, want)
	}
	for _, srv := range []*rpcserver.Server{old, other} {
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("Shutdown = %v, want nil", err)
		}
	}
}

type tally struct{ executed *atomic.Int64 }

func (t *tally) One() { t.executed.Add(1) }
