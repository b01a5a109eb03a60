package rpcclient_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Two versions of a service that is rolled out and back: one has a method more, one method
// has another signature, and one counts its one-way calls.
type (
	shop1 struct{ notes *atomic.Int64 }
	shop2 struct{ notes *atomic.Int64 }
)

func (shop1) List() string           { return "list" }
func (shop1) Price(id int) string    { return fmt.Sprint("number ", id) }
func (s shop1) Note()                { s.notes.Add(1) }
func (shop2) List() string           { return "list" }
func (shop2) Price(id string) string { return "name " + id }
func (s shop2) Note()                { s.notes.Add(1) }
func (shop2) Count() int             { return 7 }

// live says whether instances of a version are there for as long as a call takes.
type live struct {
	mu sync.RWMutex
	is bool // guarded by mu
}

// call makes a call while the version is there, and reports whether it was.
func (l *live) call(call func() error) (bool, error) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if !l.is {
		return false, nil
	}
	return true, call()
}

func (l *live) set(is bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.is = is
}

// shopper calls all that a client can call at the moment, until stop is closed.
type shopper struct {
	t            *testing.T
	name         string
	c            *rpcclient.Client
	live1, live2 *live
	notes        *atomic.Int64
	calls        atomic.Int64
}

func (s *shopper) run(stop <-chan struct{}) {
	var old struct{ Price func(id int) (string, error) }
	var young struct {
		Price func(id string) (string, error)
	}
	ctx := context.Background()
	want := func(what, got string, err error, want string) {
		s.calls.Add(1)
		if err != nil || got != want {
			s.t.Errorf("%s, %s: %q, %v; want %q", s.name, what, got, err, want)
		}
	}
	for {
		select {
		case <-stop:
			return
		default:
		}
		got, err := rpcclient.Call[string](ctx, s.c, "shop.list")
		want("list", got, err, "list")
		if err := s.c.Notify(ctx, "shop.note"); err != nil {
			s.t.Errorf("%s, note: %v", s.name, err)
		}
		s.notes.Add(1)
		for _, part := range []func(){
			func() {
				if there, err := s.live1.call(func() (err error) { got, err = priceBy(s.c, &old.Price, 7); return err }); there {
					want("the old price", got, err, "number 7")
				}
			},
			func() {
				if there, err := s.live2.call(func() (err error) { got, err = priceBy(s.c, &young.Price, "x"); return err }); there {
					want("the new price", got, err, "name x")
				}
			},
			func() {
				if there, err := s.live2.call(func() error { return s.c.Call(ctx, "shop.count", nil) }); there {
					want("count", "", err, "")
				}
			},
		} {
			part()
		}
	}
}

// priceBy calls by a stub that is made when it is first needed.
func priceBy[T any](c *rpcclient.Client, stub *func(T) (string, error), id T) (got string, err error) {
	if *stub == nil {
		if *stub, err = rpcclient.Func[func(T) (string, error)](c, "shop.price"); err != nil {
			return "", err
		}
	}
	return (*stub)(id)
}

func TestRollingOutAndBackAgainAndAgainFailsNoCall(t *testing.T) {
	env, unheard := deaf(t, once)
	var ran, sent atomic.Int64
	live1, live2 := new(live), new(live)
	start := func(impl any) *rpcserver.Server {
		t.Helper()
		return heliumtest.ServeWith(env, rpcserver.Config{DrainTimeout: patience}, "shop", impl)
	}
	stopServer := func(srv *rpcserver.Server) {
		t.Helper()
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	}
	olds := []*rpcserver.Server{start(shop1{&ran}), start(shop1{&ran})}
	live1.set(true)

	shoppers := []*shopper{
		{t: t, name: "a client that hears the registry", c: env.NewClient(once)},
		{t: t, name: "a client that doesn't", c: unheard},
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for _, s := range shoppers {
		s.live1, s.live2, s.notes = live1, live2, &sent
		for range 16 {
			running.Go(func() { s.run(stop) })
		}
	}
	goOn := func() {
		t.Helper()
		for _, s := range shoppers {
			until := s.calls.Load() + 300
			eventually(t, func() error {
				if calls := s.calls.Load(); calls < until && !t.Failed() {
					return fmt.Errorf("%s has made %d calls, want %d", s.name, calls, until)
				}
				return nil
			})
		}
	}
	// replace has instances of one version come and those of the other go, one by one.
	replace := func(before []*rpcserver.Server, gone, come *live, impl any) (after []*rpcserver.Server) {
		t.Helper()
		for i, srv := range before {
			goOn()
			after = append(after, start(impl))
			come.set(true)
			goOn()
			if i == len(before)-1 {
				gone.set(false)
			}
			stopServer(srv)
		}
		goOn()
		return after
	}
	for round := range 3 {
		news := replace(olds, live1, live2, shop2{&ran})
		if round == 1 { // a binder that goes and comes back changes nothing
			env.Binder.Close()
			goOn()
			restartBinder(t, env)
		}
		olds = replace(news, live2, live1, shop1{&ran})
	}
	close(stop)
	running.Wait()
	eventually(t, func() error {
		if ran.Load() != sent.Load() {
			return fmt.Errorf("%d one-way calls ran, want %d", ran.Load(), sent.Load())
		}
		return nil
	})
	for _, s := range shoppers {
		if stats := s.c.Stats(); stats.Retries > 0 || stats.Failures > 0 {
			t.Errorf("%s: %d retries, %d failures; want none", s.name, stats.Retries, stats.Failures)
		}
	}
}
