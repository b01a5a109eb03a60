package helium_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// The promises of docs/semantics.md, a test each. What they have in common with the
// tests of the whole system is in the files integration_*_test.go.

// registerNobody puts a service into the registry that nobody serves.
func registerNobody(t *testing.T, n network, service string, methods ...string) {
	t.Helper()
	r := binder.Record{Service: service, Instance: "nobody"}
	for _, m := range methods {
		r.Methods = append(r.Methods, binder.Method{Name: m, Signature: m + "()", Kind: binder.KindCall})
	}
	if _, err := registryOf(t, n.dial()).Register(testContext(t), r); err != nil {
		t.Fatal(err)
	}
}

func TestPromise1AtMostOnceUnlessIdempotent(t *testing.T) {
	t.Parallel()
	t.Run("a call that got lost is made again only if its method is idempotent", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct {
			name    string
			options []rpcserver.Option
			want    helium.Code
			ran     int
		}{
			{"idempotent", []rpcserver.Option{rpcserver.Idempotent("hold")}, 0, 2},
			{"not idempotent", nil, helium.CodeUnavailable, 1},
		} {
			n := newNetwork(t)
			client := n.client(rpcclient.Config{})
			stops, stays := newWorker("stops"), newWorker("stays")
			close(stays.release)
			first := serve(t, n.dial(), rpcserver.Config{}, "work", stops, c.options...)
			answer := make(chan error, 1)
			go func() { answer <- client.Call(testContext(t), "work.hold", nil, 1) }()
			receive(t, "a Hold that began", stops.began)

			serve(t, n.dial(), rpcserver.Config{}, "work", stays, c.options...)
			over, cancel := context.WithCancel(context.Background())
			cancel()
			if err := first.Shutdown(over); err == nil {
				t.Errorf("%s: Shutdown = nil, want an error that says that a call was cut", c.name)
			}
			err := receive(t, "an answer", answer)
			if helium.CodeOf(err) != c.want || err != nil && helium.OutcomeOf(err) != helium.Unknown {
				t.Errorf("%s: error %v, outcome %v; want code %v", c.name, err, helium.OutcomeOf(err), c.want)
			}
			if got := stops.times(1) + stays.times(1); got != c.ran {
				t.Errorf("%s: the call ran %d times, want %d", c.name, got, c.ran)
			}
		}
	})
	t.Run("an error of the method itself is never a reason for another try", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		f := &faulty{worker: newWorker("w")}
		serve(t, n.dial(), rpcserver.Config{}, "faulty", f, rpcserver.Idempotent("unavailable", "panic"))
		c := n.client(rpcclient.Config{})
		for id, method := range []string{"faulty.unavailable", "faulty.panic"} {
			if err := c.Call(testContext(t), method, nil, id); helium.OutcomeOf(err) != helium.Executed {
				t.Errorf("%s: error %v, outcome %v; want executed", method, err, helium.OutcomeOf(err))
			}
			if got := f.times(int64(id)); got != 1 {
				t.Errorf("%s ran %d times, want once", method, got)
			}
		}
	})
	t.Run("a call that was refused is tried three times, and runs once there is room", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		w := newWorker("w")
		srv := serve(t, n.dial(), rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}, "work", w)
		c := n.client(rpcclient.Config{})
		held := make(chan error, 1)
		go func() { held <- c.Call(testContext(t), "work.hold", nil, 1) }()
		receive(t, "a Hold that began", w.began)
		before := c.Stats()
		err := callWithin(patience, c, 2)
		if got := c.Stats(); !errors.Is(err, helium.ErrOverloaded) || got.FramesSent-before.FramesSent != 3 {
			t.Errorf("error %v after %d attempts, want ErrOverloaded after 3", err, got.FramesSent-before.FramesSent)
		}
		// This one is let in between two attempts.
		refused := srv.Stats().Refused
		answer := make(chan error, 1)
		go func() { answer <- callWithin(patience, c, 3) }()
		eventually(t, "a refusal", func() error {
			if srv.Stats().Refused == refused {
				return errors.New("no refusal yet")
			}
			return nil
		})
		close(w.release)
		if err := receive(t, "the end of Hold", held); err != nil {
			t.Errorf("hold: %v, want nil", err)
		}
		// The third attempt may have come before there was room; it ran or it didn't.
		if err := receive(t, "an answer", answer); err == nil && w.times(3) != 1 || err != nil && w.times(3) != 0 {
			t.Errorf("error %v, and it ran %d times", err, w.times(3))
		}
		if w.times(2) != 0 {
			t.Errorf("the call that was refused ran %d times, want 0", w.times(2))
		}
	})
	t.Run("no more retries than a tenth of the calls, after a reserve of ten", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		registerNobody(t, n, "empty", "run")
		c := n.client(rpcclient.Config{})
		const calls = 200
		for range calls {
			if err := c.Call(testContext(t), "empty.run", nil); !errors.Is(err, helium.ErrNoInstance) {
				t.Fatalf("error %v, want ErrNoInstance", err)
			}
		}
		got := c.Stats().FramesSent - calls
		if least, most := uint64(10), uint64(10+calls/10+1); got < least || got > most {
			t.Errorf("%d retries for %d calls, want from %d to %d", got, calls, least, most)
		}
	})
	t.Run("no retry past the deadline, and none where MaxAttempts is 1", func(t *testing.T) {
		t.Parallel()
		n := newNetwork(t)
		registerNobody(t, n, "empty", "run")
		c := n.client(rpcclient.Config{})
		once := n.client(rpcclient.Config{MaxAttempts: 1})
		for _, c := range []*rpcclient.Client{c, once} {
			_ = c.Call(testContext(t), "empty.run", nil) // learns where the service is
		}
		before, onceBefore := c.Stats().FramesSent, once.Stats().FramesSent
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = c.Call(ctx, "empty.run", nil)
		_ = once.Call(testContext(t), "empty.run", nil)
		if got := c.Stats().FramesSent - before; got > 1 {
			t.Errorf("%d attempts within a millisecond, want 1 at most", got)
		}
		if got := once.Stats().FramesSent - onceBefore; got != 1 {
			t.Errorf("%d attempts with MaxAttempts 1, want 1", got)
		}
	})
}

func TestPromise4NobodyListeningFailsInMilliseconds(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	registerNobody(t, n, "empty", "run")
	serve(t, n.dial(), rpcserver.Config{}, "work", newWorker("w"))
	c := n.client(rpcclient.Config{})
	for _, call := range []struct {
		name   string
		client *rpcclient.Client
		method string
		want   helium.Code
	}{
		{"registered, and nobody serves it", c, "empty.run", helium.CodeUnavailable},
		{"never registered", c, "missing.run", helium.CodeNotFound},
		{"a bare name that no service has", c, "missing", helium.CodeUnimplemented},
		{"an instance that is gone", c.At("gone"), "work.who", helium.CodeUnavailable},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		began := time.Now()
		err := call.client.Call(ctx, call.method, nil)
		cancel()
		if helium.CodeOf(err) != call.want || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("%s: error %v, code %v, outcome %v; want %v, not executed", call.name, err, helium.CodeOf(err), helium.OutcomeOf(err), call.want)
		}
		if took := time.Since(began); took > soon {
			t.Errorf("%s: it took %v, want milliseconds, not the deadline of %v", call.name, took, patience)
		}
	}
}

func TestPromise5RestartsLoseNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"servers replaced one after the other lose no call":  serversAreReplaced,
		"a rollout of a new method, and back, loses no call": versionsAreRolledOutAndBack,
		"a server that stops finishes what it has":           serverStopsWithCallsAtWork,
		"a broker that comes back with what it kept":         func(t *testing.T) { brokerIsKilledAndRestarted(t, t.TempDir()) },
		"a broker that comes back with nothing left in it":   func(t *testing.T) { brokerIsKilledAndRestarted(t, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// log collects what is logged.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func TestPromise6APanicIsItsCallersInternalAndNobodyElses(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	f := &faulty{worker: newWorker("w")}
	logged := new(log)
	srv := serve(t, n.dial(), rpcserver.Config{Logger: slog.New(slog.NewTextHandler(logged, nil))}, "faulty", f)
	c := n.client(rpcclient.Config{})

	const others = 50
	answers := make(chan error, others)
	for id := range int64(others) {
		go func() { answers <- c.Call(testContext(t), "faulty.hold", nil, id) }()
	}
	for range others {
		receive(t, "a Hold that began", f.began)
	}
	// These share messages with others that do well.
	var all sync.WaitGroup
	for id := range int64(100) {
		all.Go(func() {
			if got, err := rpcclient.Call[int64](testContext(t), c, "faulty.run", 1000+id); err != nil || got != 1000+id {
				t.Errorf("run(%d) = %v, %v; want it untouched by the panics", 1000+id, got, err)
			}
		})
		all.Go(func() {
			err := c.Call(testContext(t), "faulty.panic", nil, 2000+id)
			e := helium.AsError(err)
			if !errors.Is(err, helium.ErrPanic) || e.Code != helium.CodeInternal || e.Outcome != helium.Executed || e.Instance != srv.Instance() {
				t.Errorf("panic(%d): error %+v; want ErrPanic, internal, executed, of instance %s", 2000+id, e, srv.Instance())
				return
			}
			for _, secret := range []string{panicSecret, "goroutine", ".go:", "panicHere"} {
				if strings.Contains(e.Message, secret) || len(e.Details) > 0 {
					t.Errorf("the caller was told %q with details %v, want nothing of the panic or the stack", e.Message, e.Details)
				}
			}
		})
	}
	all.Wait()
	close(f.release)
	for range others {
		if err := receive(t, "an answer", answers); err != nil {
			t.Errorf("a call that was at work: %v, want its answer", err)
		}
	}
	if got := srv.Stats().Panics; got != 100 {
		t.Errorf("the server counts %d panics, want 100", got)
	}
	for _, want := range []string{panicSecret, "panicHere", "promises_outcome_test.go", "faulty.panic"} {
		if !strings.Contains(logged.String(), want) {
			t.Errorf("the server's log has no %q, want the panic with its stack", want)
		}
	}
}
