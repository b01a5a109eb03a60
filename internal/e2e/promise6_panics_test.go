package e2e_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

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
	overEachLink(t, func(t *testing.T, n network) {
		f := &faulty{worker: newWorker("w")}
		logged := new(log)
		srv := serve(t, n.dial(), n.config(rpcserver.Config{Logger: slog.New(slog.NewTextHandler(logged, nil))}), "faulty", f)
		c := n.client(rpcclient.Config{})
		n.link(t, c, "faulty", 1)

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
		for _, want := range []string{panicSecret, "panicHere", "services_test.go", "faulty.panic"} {
			if !strings.Contains(logged.String(), want) {
				t.Errorf("the server's log has no %q, want the panic with its stack", want)
			}
		}
	})
}
