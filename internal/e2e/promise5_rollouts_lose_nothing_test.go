package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// counter is a worker of a later version, which has a method more.
type counter struct{ *worker }

func (counter) Count() int64 { return 7 }

// versionsAreRolledOutAndBack checks that callers notice nothing of it.
func versionsAreRolledOutAndBack(t *testing.T, n network) {
	c := n.client(rpcclient.Config{})
	config := n.config(rpcserver.Config{DrainTimeout: patience})
	serveOld := func() *rpcserver.Server { return serve(t, n.dial(), config, "work", newWorker("old")) }
	serveNew := func() *rpcserver.Server { return serve(t, n.dial(), config, "work", counter{newWorker("new")}) }
	olds := []*rpcserver.Server{serveOld(), serveOld()}
	kept := serveNew() // so that the method is there throughout
	n.link(t, c, "work", 3)
	before := c.Stats()

	stop := make(chan struct{})
	var ended atomic.Int64
	var callers sync.WaitGroup
	for range 64 {
		callers.Go(func() {
			for id := int64(0); ; id++ {
				select {
				case <-stop:
					return
				default:
				}
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				method, args, want := "work.run", []any{id}, id
				if rand.IntN(2) == 0 {
					method, args, want = "work.count", nil, 7
				}
				if got, err := rpcclient.Call[int64](ctx, c, method, args...); err != nil || got != want {
					t.Errorf("%s(%v) = %d, %v; want %d", method, args, got, err, want)
				}
				cancel()
				ended.Add(1)
			}
		})
	}
	goOn := func() {
		t.Helper()
		want := ended.Load() + 1000
		eventually(t, "calls to end", func() error {
			if got := ended.Load(); got < want {
				return fmt.Errorf("%d of %d", got, want)
			}
			return nil
		})
	}
	replace := func(servers []*rpcserver.Server, start func() *rpcserver.Server) {
		t.Helper()
		for i, before := range servers {
			goOn()
			servers[i] = start()
			goOn()
			if err := before.Shutdown(testContext(t)); err != nil {
				t.Errorf("Shutdown: %v, want every call finished", err)
			}
		}
		goOn()
	}
	for range 2 {
		replace(olds, serveNew)
		replace(olds, serveOld)
	}
	close(stop)
	callers.Wait()
	if s := c.Stats(); s.Failures > before.Failures {
		t.Errorf("%d of %d calls failed, want none", s.Failures-before.Failures, s.Calls-before.Calls)
	}
	if err := kept.Shutdown(testContext(t)); err != nil {
		t.Error(err)
	}
}
