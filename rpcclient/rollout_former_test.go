package rpcclient_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// store is the bucket that the registry is kept in.
type store struct {
	t  *testing.T
	kv jetstream.KeyValue
}

func storeOf(t *testing.T, env *heliumtest.Env) store {
	t.Helper()
	js, err := jetstream.New(env.Conn("store"))
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(t.Context(), "helium_registry")
	if err != nil {
		t.Fatal(err)
	}
	return store{t, kv}
}

// lose makes the store lose a record, as if its lease had ended.
func (s store) lose(key string) {
	s.t.Helper()
	if err := s.kv.Purge(s.t.Context(), key); err != nil {
		s.t.Fatal(err)
	}
}

// loseAny makes it lose some record, if it has any.
func (s store) loseAny() {
	s.t.Helper()
	if keys, err := s.kv.Keys(s.t.Context()); err == nil && len(keys) > 0 {
		s.lose(keys[rand.IntN(len(keys))])
	}
}

func TestAnInstanceThatTheRegistryHasLostIsCalledByWhatFitsIt(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	c := env.Client
	heliumtest.Serve(env, "parcels", new(parcels1))
	impl := new(parcels2)
	lost := heliumtest.Serve(env, "parcels", impl)
	var stub parcelsStub2
	if err := c.Bind("parcels", &stub); err != nil {
		t.Fatal(err)
	}
	if _, err := stub.Find("x"); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, c, "parcels", 2)
	storeOf(t, env).lose("parcels." + lost.Instance())
	knowsInstances(t, c, "parcels", 1)
	for range 20 {
		if got, err := stub.Find("x"); err != nil || got != "name x" {
			t.Fatalf("Find = %q, %v", got, err)
		}
	}
	if got, err := rpcclient.Call[[]float64](t.Context(), c.At(lost.Instance()), "parcels.size", "abc"); err != nil {
		t.Errorf("size at the instance = %v, %v", got, err)
	}
	sized := impl.sizes.Load()
	wide := c.Method("parcels", "size", "size(string) []float64", nil)
	call := wide.Begin(1)
	call.Args.String("abc")
	if err := call.Do(t.Context()); err != nil {
		t.Fatalf("a stub that is made meanwhile: %v", err)
	}
	if err := call.End(nil); err != nil || impl.sizes.Load() != sized+1 {
		t.Errorf("a stub that is made meanwhile: %v, and size ran %d times, want once", err, impl.sizes.Load()-sized)
	}
	if err := lost.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := stub.Find("x")
		wantError(t, err, helium.ErrMismatch, helium.NotExecuted)
	}
	before := c.Stats().FramesSent
	_, err := stub.Find("x")
	wantError(t, err, helium.ErrMismatch, helium.NotExecuted)
	if sent := c.Stats().FramesSent - before; sent > 0 {
		t.Errorf("%d calls were sent to who is known to be gone, want none", sent)
	}
}

func TestVersionsThatTheRegistryHasLostAllTogetherAreStillToldApart(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	c := env.Client
	var notes atomic.Int64
	heliumtest.Serve(env, "shop", orders1{}) // it has no prices
	one, two := heliumtest.Serve(env, "shop", shop1{&notes}), heliumtest.Serve(env, "shop", shop2{&notes})
	var old func(int) (string, error)
	var young func(string) (string, error)
	prices := func() {
		t.Helper()
		for range 20 {
			if got, err := priceBy(c, &old, 7); err != nil || got != "number 7" {
				t.Fatalf("the old price: %q, %v", got, err)
			}
			if got, err := priceBy(c, &young, "x"); err != nil || got != "name x" {
				t.Fatalf("the new price: %q, %v", got, err)
			}
		}
	}
	prices()
	knowsInstances(t, c, "shop", 3)
	before := c.Stats().Fallbacks // the first lookup may have come before the binder's own copy had all
	lossy := storeOf(t, env)
	lossy.lose("shop." + one.Instance())
	lossy.lose("shop." + two.Instance())
	knowsInstances(t, c, "shop", 1)
	prices()
	if s := c.Stats(); s.Fallbacks > before || s.Retries > 0 {
		t.Errorf("%d fallbacks and %d retries, want none", s.Fallbacks-before, s.Retries)
	}
}

func TestAnInstanceThatTookItsLeaveIsNotCalled(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	c := env.Client
	heliumtest.Serve(env, "parcels", new(parcels1))
	left := heliumtest.Serve(env, "parcels", new(parcels2))
	var stub parcelsStub2
	if err := c.Bind("parcels", &stub); err != nil {
		t.Fatal(err)
	}
	if _, err := stub.Find("x"); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, c, "parcels", 2)
	if err := left.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, c, "parcels", 1)
	before := c.Stats().FramesSent
	_, err := stub.Find("x")
	wantError(t, err, helium.ErrMismatch, helium.NotExecuted)
	if sent := c.Stats().FramesSent - before; sent > 0 {
		t.Errorf("%d calls were sent, want none", sent)
	}
}

func TestABareNameStandsForAMethodThatTheRegistryHasLost(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	c := env.Client
	heliumtest.Serve(env, "orders", orders1{})
	lost := heliumtest.Serve(env, "orders", orders2{})
	eventually(t, func() error { return c.Call(t.Context(), "count", nil) })
	knowsInstances(t, c, "orders", 2)
	storeOf(t, env).lose("orders." + lost.Instance())
	knowsInstances(t, c, "orders", 1)
	doubts := c.NamesInDoubt()
	heliumtest.Serve(env, "parcels", new(parcels1)) // it might have a method of that name
	eventually(t, func() error {
		if c.NamesInDoubt() == doubts {
			return fmt.Errorf("the name isn't in doubt yet")
		}
		return nil
	})
	if n, err := rpcclient.Call[int](t.Context(), c, "count"); err != nil || n != 7 {
		t.Errorf("count() = %d, %v; want 7", n, err)
	}
	if err := lost.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantError(t, c.Call(t.Context(), "count", nil), helium.ErrUnknownMethod, helium.NotExecuted)
}

func TestOneWayCallsReachAnInstanceThatTheRegistryHasLost(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	var notes atomic.Int64
	heliumtest.Serve(env, "shop", orders1{})
	lost := heliumtest.Serve(env, "shop", shop2{&notes})
	if err := env.Client.Notify(t.Context(), "shop.note"); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, env.Client, "shop", 2)
	storeOf(t, env).lose("shop." + lost.Instance())
	knowsInstances(t, env.Client, "shop", 1)
	for range 10 {
		if err := env.Client.Notify(t.Context(), "shop.note"); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() error {
		if n := notes.Load(); n != 11 {
			return fmt.Errorf("%d notes were taken, want 11", n)
		}
		return nil
	})
}

func TestACallThatIsRefusedGoesOnByAnInstanceThatTheRegistryHasLostMeanwhile(t *testing.T) {
	for name, by := range map[string]string{"by one that the registry knows": "i2", "by one that it doesn't know": "i3"} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
			fake := newFakeServer(t, env, false)
			addressed := make(chan *nats.Msg, 10)
			subscribe(t, env.Conn("i1"), "helium.at.fake.i1.do", func(m *nats.Msg) { addressed <- m })
			done := make(chan error, 1)
			call := func() { go func() { done <- env.Client.Call(t.Context(), "fake.do", nil) }() }
			call()
			fake.answer(t, within(t, fake.calls, "call"), 1)
			if err := within(t, done, "answer"); err != nil {
				t.Fatal(err)
			}

			call()
			underWay := within(t, fake.calls, "call")
			fake.registerAs(t, "i2", binder.Method{Name: "do", Signature: "do(text string) int64"})
			knowsInstances(t, env.Client, "fake", 2)
			storeOf(t, env).lose("fake.i1")
			knowsInstances(t, env.Client, "fake", 1)
			refusal := helium.ErrBadArgument.WithOutcome(helium.NotExecuted)
			refusal.Instance = by
			fake.fail(t, underWay, refusal)
			again := within(t, addressed, "call at the instance that is lost")
			if err := readCalls(again.Data, func(seq uint64) { fake.answer(t, fakeCall{seq, again.Reply}, 1) }); err != nil {
				t.Error(err)
			}
			if err := within(t, done, "answer"); err != nil {
				t.Errorf("the call that went on failed with %v", err)
			}
		})
	}
}

func TestWhateverComesAndGoesNoCallFails(t *testing.T) {
	env, unheard := deaf(t, once)
	var ran, sent atomic.Int64
	live1, live2 := new(live), new(live)
	live1.set(true)
	live2.set(true)
	// Two instances stay: one of each version. The clients learn of one of them first.
	heliumtest.Serve(env, "shop", shop2{&ran})
	shoppers := []*shopper{{t: t, name: "a client that hears the registry", c: env.NewClient(once)}, {t: t, name: "a client that doesn't", c: unheard}}
	for _, s := range shoppers {
		if err := s.c.Call(t.Context(), "shop.list", nil); err != nil {
			t.Fatal(err)
		}
	}
	heliumtest.Serve(env, "shop", shop1{&ran})
	for _, s := range shoppers {
		var old func(int) (string, error)
		if _, err := priceBy(s.c, &old, 7); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var running sync.WaitGroup
	for _, s := range shoppers {
		s.live1, s.live2, s.notes = live1, live2, &sent
		for range 8 {
			running.Go(func() { s.run(stop) })
		}
	}

	registry, lossy := env.Binder, storeOf(t, env)
	var guests []func()
	for range 60 {
		switch k := rand.IntN(10); {
		case k < 4 && len(guests) < 6: // also while no binder is there
			impl := []any{shop1{&ran}, shop2{&ran}, orders1{}, parcels3{}}[rand.IntN(4)]
			guests = append(guests, visit(t, env, rpcserver.Config{PerMethod: rand.IntN(4) == 0, Logger: quiet, DrainTimeout: patience}, impl))
		case k < 7 && len(guests) > 0:
			i := rand.IntN(len(guests))
			guests[i]()
			guests = append(guests[:i], guests[i+1:]...)
		case k == 7:
			lossy.loseAny()
		case k == 8 && registry != nil:
			registry.Close()
			registry = nil
		case registry == nil:
			registry = restartBinder(t, env)
		}
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond) // let calls meet what is there
	}
	close(stop)
	running.Wait()
	for _, leave := range guests {
		leave()
	}
	eventually(t, func() error {
		if ran.Load() != sent.Load() {
			return fmt.Errorf("%d one-way calls ran, want %d", ran.Load(), sent.Load())
		}
		return nil
	})
}

// visit serves for a while, registered or not, until it is told to leave.
func visit(t *testing.T, env *heliumtest.Env, config rpcserver.Config, impl any) (leave func()) {
	t.Helper()
	srv := rpcserver.New(env.Conn("guest"), config)
	if err := rpcserver.Register(srv, "shop", impl); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- srv.Run(ctx) }()
	return func() {
		t.Helper()
		cancel()
		if err := within(t, over, "end of a server"); err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func restartBinder(t *testing.T, env *heliumtest.Env) *binder.Binder {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	registry, err := binder.Start(ctx, env.Conn("binder"), binder.Config{Memory: true, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return registry
}
