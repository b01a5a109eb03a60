package rpcclient_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// teller is a service that tells which instance it is.
type teller struct {
	name  atomic.Pointer[string]
	notes chan string // of each call of note, the instance
}

func (t *teller) Who() string { return *t.name.Load() }
func (t *teller) Note(string) { t.notes <- *t.name.Load() }

// newTeller is a teller, with a method that not all have.
type newTeller struct{ *teller }

func (newTeller) Since() string { return "2.0.0" }

// tellers are instances of the service "teller".
type tellers struct {
	t      *testing.T
	env    *heliumtest.Env
	over   linkage // by which they are called
	notes  chan string
	byName map[string]*rpcserver.Server
}

func serveTellers(t *testing.T, env *heliumtest.Env, n int) *tellers {
	t.Helper()
	return serveTellersOver(t, linkage{}, env, n)
}

func serveTellersOver(t *testing.T, over linkage, env *heliumtest.Env, n int) *tellers {
	t.Helper()
	all := &tellers{t: t, env: env, over: over, notes: make(chan string, 1000), byName: make(map[string]*rpcserver.Server)}
	for range n {
		all.add()
	}
	return all
}

// serve serves one more, which isn't among them.
func (all *tellers) serve(serve func(*teller) *rpcserver.Server) string {
	impl := &teller{notes: all.notes}
	impl.name.Store(new(string)) // until it has one
	srv := serve(impl)
	name := srv.Instance()
	impl.name.Store(&name)
	all.byName[name] = srv
	return name
}

// add adds one and returns its name.
func (all *tellers) add() string {
	return all.serve(func(impl *teller) *rpcserver.Server {
		return all.over.serve(all.env, rpcserver.Config{}, "teller", impl)
	})
}

// addDoomed adds one and returns what ends it without a word, as a crash does.
func (all *tellers) addDoomed() (name string, kill func()) {
	var nc *nats.Conn
	name = all.serve(func(impl *teller) *rpcserver.Server {
		nc = all.env.Conn("doomed")
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet})
		err := rpcserver.Register(srv, "teller", impl)
		if err == nil {
			err = srv.Start(all.t.Context())
		}
		if err != nil {
			all.t.Fatal(err)
		}
		all.t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
		return srv
	})
	return name, func() {
		nc.Close()
		delete(all.byName, name)
		// Until the broker has noticed, calls get lost there.
		asker := all.env.Conn("asker")
		eventually(all.t, func() error {
			_, err := asker.Request("helium.at.teller."+name, wire.AppendNothing(wire.AppendMessageHeader(nil)), 100*time.Millisecond)
			if !errors.Is(err, nats.ErrNoResponders) {
				return fmt.Errorf("a request at the instance that crashed: %v, want %v", err, nats.ErrNoResponders)
			}
			return nil
		})
	}
}

// remove has one take its leave.
func (all *tellers) remove(name string) {
	all.t.Helper()
	if err := all.byName[name].Shutdown(all.t.Context()); err != nil {
		all.t.Fatal(err)
	}
	delete(all.byName, name)
}

// order returns them in the order in which a key takes them, as docs/protocol.md says.
func (all *tellers) order(key string) (names []string) {
	for name := range all.byName {
		names = append(names, name)
	}
	weight := func(name string) uint64 { return wire.Weight(wire.Hash(key), wire.Hash(name)) }
	slices.SortFunc(names, func(a, b string) int { return -cmp.Compare(weight(a), weight(b)) })
	return names
}

// known waits until a client knows all of them and no others, and has links to them if they are
// called by links.
func (all *tellers) known(c *rpcclient.Client) {
	all.t.Helper()
	all.over.links(all.t, c, "teller", len(all.byName))
}

// wantWho checks which instance a key picks.
func wantWho(t *testing.T, c *rpcclient.Client, key, want string) {
	t.Helper()
	if got, err := rpcclient.Call[string](t.Context(), rpcclient.Keyed(c, key), "teller.who"); got != want || err != nil {
		t.Errorf("with the key %q, who() = %q, %v; want %q", key, got, err, want)
	}
}

func someKeys(n int) (keys []string) {
	for i := range n {
		keys = append(keys, fmt.Sprint("customer-", i))
	}
	return keys
}

func TestAKeyPicksTheSameInstanceByEveryWayOfCallingAndFromEveryClient(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		all := serveTellersOver(t, over, env, 5)
		clients := []*rpcclient.Client{env.Client, env.NewClient(rpcclient.Config{})}
		picked := make(map[string]bool)
		for _, c := range clients {
			all.known(c)
			over.checkAll(t, c)
			for _, key := range append(someKeys(100), "", "Grüße", "a key\nof two lines") {
				want := all.order(key)[0]
				picked[want] = true
				keyed := rpcclient.Keyed(c, key)
				for _, way := range everyWay[string, func() (string, error)](t.Context(), keyed, "teller.who", func(f func() (string, error)) (string, error) { return f() }) {
					for range 2 {
						if got, err := way.call(); got != want || err != nil {
							t.Fatalf("by %s with the key %q, who() = %q, %v; want %q", way.name, key, got, err, want)
						}
					}
				}
				if err := keyed.Notify(t.Context(), "teller.note", "x"); err != nil {
					t.Fatal(err)
				}
				if got := within(t, all.notes, "one-way call"); got != want {
					t.Fatalf("with the key %q, the one-way call ran at %q, want %q", key, got, want)
				}
			}
			if s := c.Stats(); s.Retries+s.Fallbacks > 0 {
				t.Errorf("%d retries and %d fallbacks, want none", s.Retries, s.Fallbacks)
			}
		}
		if len(picked) != 5 {
			t.Errorf("103 keys picked %d of 5 instances, want all", len(picked))
		}
	})
}

func TestWithoutAKeyTheViewIsAnyClient(t *testing.T) {
	env := heliumtest.New(t)
	all := serveTellers(t, env, 2)
	all.known(env.Client)
	one, other := all.order("k")[0], all.order("k")[1]
	keyed := rpcclient.Keyed(env.Client, "k")
	for what, v := range map[string]struct {
		c    *rpcclient.Client
		want string
	}{
		"At of a keyed view":     {keyed.At(other), other},
		"Keyed of a view by At":  {rpcclient.Keyed(env.Client.At(other), "k"), one},
		"Keyed of a keyed view":  {rpcclient.Keyed(rpcclient.Keyed(env.Client, "another"), "k"), one},
		"the keyed view as ever": {keyed, one},
	} {
		if got, err := rpcclient.Call[string](t.Context(), v.c, "teller.who"); got != v.want || err != nil {
			t.Errorf("%s: who() = %q, %v; want %q", what, got, err, v.want)
		}
	}
	// Calls by name of the client itself are spread as before.
	seen := make(map[string]bool)
	for range 200 {
		who, err := rpcclient.Call[string](t.Context(), env.Client, "teller.who")
		if err != nil {
			t.Fatal(err)
		}
		seen[who] = true
	}
	if len(seen) != 2 {
		t.Errorf("200 calls without a key reached %d instances, want 2", len(seen))
	}
	wantError(t, rpcclient.Keyed(nil, "k").Call(t.Context(), "teller.who", nil), helium.ErrClientClosed, helium.NotExecuted)
}

func TestOnlyTheKeysOfAnInstanceThatComesOrGoesMove(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		all := serveTellersOver(t, over, env, 4)
		all.known(env.Client)
		keys := someKeys(100)
		where := make(map[string]string)
		look := func() (moved map[string][2]string) {
			moved = make(map[string][2]string)
			for _, key := range keys {
				who, err := rpcclient.Call[string](t.Context(), rpcclient.Keyed(env.Client, key), "teller.who")
				if err != nil {
					t.Fatal(err)
				}
				if where[key] != who {
					moved[key] = [2]string{where[key], who}
				}
				where[key] = who
			}
			return moved
		}
		look()
		for range 3 { // servers are rolled, each first one more and then one less
			come := all.add()
			all.known(env.Client)
			moved := look()
			for key, m := range moved {
				if m[1] != come {
					t.Errorf("as %s came, key %q moved from %s to %s; want it there or to stay", come, key, m[0], m[1])
				}
			}
			if n := len(moved); n < 5 || n > 40 {
				t.Errorf("%d of 100 keys moved to the fifth instance, want about 20", n)
			}
			leave := all.order("customer-0")[0]
			all.remove(leave)
			all.known(env.Client)
			moved = look()
			for key, m := range moved {
				if m[0] != leave {
					t.Errorf("as %s went, key %q moved from %s to %s; want it to stay", leave, key, m[0], m[1])
				}
			}
			for key, who := range where {
				if who == leave {
					t.Errorf("key %q is still at %s, which went", key, leave)
				}
			}
		}
	})
}

func TestAKeyWhoseInstanceCrashedGoesToItsNextOne(t *testing.T) {
	env := heliumtest.New(t)
	all := serveTellers(t, env, 3)
	registry, err := binder.NewClient(env.Conn("watcher"), "")
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan string, 100)
	stop, err := registry.Watch("teller", func(e binder.Event) { events <- e.Record.Instance })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	doomed, kill := all.addDoomed()
	for within(t, events, "event of the registration") != doomed {
	}
	// One that doesn't hear of its registration after its end, and to which what goes on elsewhere is no retry.
	c := env.NewClient(once)
	all.known(c)
	// Keys of it, with those that they take next.
	next := make(map[string]string)
	for _, key := range someKeys(60) {
		if order := all.order(key); order[0] == doomed {
			next[key] = order[1]
		}
	}
	kill()
	began := time.Now()
	for key, want := range next {
		wantWho(t, c, key, want)
	}
	for _, key := range someKeys(60) {
		wantWho(t, c, key, all.order(key)[0])
	}
	inTime(t, began, "going elsewhere")
	if len(next) < 3 {
		t.Fatalf("%d keys are of the instance that crashed, want more", len(next))
	}
	if s := c.Stats(); s.Fallbacks != 1 {
		t.Errorf("%d calls had to go on elsewhere, want 1: then it is known", s.Fallbacks)
	}
	// One-way calls take the same way.
	for key, want := range next {
		if err := rpcclient.Keyed(c, key).Notify(t.Context(), "teller.note", "x"); err != nil {
			t.Fatal(err)
		}
		if got := within(t, all.notes, "one-way call"); got != want {
			t.Errorf("with the key %q the one-way call ran at %q, want %q", key, got, want)
		}
	}
}

func TestACallByAKeyThatWasCutGoesToTheNextInstanceIfItIsIdempotent(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		for _, idempotent := range []bool{false, true} {
			env := heliumtest.New(t)
			options := []rpcserver.Option{}
			if idempotent {
				options = append(options, rpcserver.Idempotent("pass"))
			}
			gates := make(map[string]*gate)
			all := &tellers{t: t, env: env, byName: make(map[string]*rpcserver.Server)}
			for range 3 {
				g := newGate()
				srv := over.serve(env, rpcserver.Config{}, "gate", g, options...)
				gates[srv.Instance()], all.byName[srv.Instance()] = g, srv
			}
			over.links(t, env.Client, "gate", 3)
			over.checkAll(t, env.Client)
			order := all.order("k")
			failed := make(chan error, 1)
			go func() {
				failed <- rpcclient.Keyed(env.Client, "k").Call(context.Background(), "gate.pass", nil, 1)
			}()
			within(t, gates[order[0]].entered, "call at the key's first instance")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := all.byName[order[0]].Shutdown(ctx); err == nil {
				t.Error("Shutdown = nil, want one that tells of the call that was cut")
			}
			if !idempotent {
				wantError(t, within(t, failed, "error"), helium.ErrCut, helium.Unknown)
				continue
			}
			within(t, gates[order[1]].entered, "second attempt at the key's next instance")
			close(gates[order[1]].leave)
			if err := within(t, failed, "answer"); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestAKeyFailsInMillisecondsOnceAllInstancesAreGone(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	all := serveTellers(t, env, 0)
	var kills []func()
	for range 3 {
		_, kill := all.addDoomed()
		kills = append(kills, kill)
	}
	all.known(env.Client)
	for _, kill := range kills {
		kill()
	}
	began := time.Now()
	for _, key := range someKeys(3) {
		wantError(t, rpcclient.Keyed(env.Client, key).Call(t.Context(), "teller.who", nil), helium.ErrNoInstance, helium.NotExecuted)
	}
	inTime(t, began, "failing")
	all.add()
	eventually(t, func() error {
		return rpcclient.Keyed(env.Client, "k").Call(t.Context(), "teller.who", nil)
	})
}

func TestAKeyPicksAmongTheInstancesThatHaveTheMethod(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	all := serveTellers(t, env, 3)
	fresh := make(map[string]bool)
	for range 2 {
		fresh[all.serve(func(impl *teller) *rpcserver.Server { return heliumtest.Serve(env, "teller", newTeller{impl}) })] = true
	}
	all.known(env.Client)
	for _, key := range someKeys(30) {
		wantWho(t, env.Client, key, all.order(key)[0])
		want := slices.DeleteFunc(all.order(key), func(name string) bool { return !fresh[name] })[0]
		before := all.byName[want].Stats().Calls
		if _, err := rpcclient.Call[string](t.Context(), rpcclient.Keyed(env.Client, key), "teller.since"); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			if calls := all.byName[want].Stats().Calls - before; calls != 1 {
				return fmt.Errorf("with the key %q, %s had %d calls of since, want 1", key, want, calls)
			}
			return nil
		})
	}
	if s := env.Client.Stats(); s.Fallbacks > 0 {
		t.Errorf("%d fallbacks, want none: the registry tells who has what", s.Fallbacks)
	}
	wantError(t, rpcclient.Keyed(env.Client, "k").Call(t.Context(), "teller.missing", nil), helium.ErrUnknownMethod, helium.NotExecuted)
}

func TestAKeyPicksAmongTheInstancesThatFitTheCall(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	serveParcels(t, env, env.Client)
	for _, key := range someKeys(20) {
		allParcelsOf(t, rpcclient.Keyed(env.Client, key))
	}
}

// allParcelsOf calls both versions once each.
func allParcelsOf(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	if errs := everyParcel(t, c, 1, 1); len(errs) > 0 {
		t.Fatal(errs[0])
	}
}

func TestAKeyNeedsThePermissionToCallSingleInstances(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.lookup.>", "helium.call.counter.>")
	impl := new(counter)
	heliumtest.Serve(env, "counter", impl)
	c := env.NewClientOn(nc, long)
	began := time.Now()
	for range 2 {
		checkFailure(t, "a call by a key", rpcclient.Keyed(c, "k").Call(t.Context(), "counter.countA", nil), failure{
			is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{"helium.at.counter.", "key"},
		})
	}
	inTime(t, began, "being denied")
	if err := c.Call(t.Context(), "counter.countA", nil); err != nil {
		t.Errorf("without a key: %v", err)
	}
	// The subjects of methods alone are enough.
	env, nc = newLimitedTo(t, broker.Subjects{Allow: []string{"helium.binder.lookup.>", "helium.at.counter.*.countA"}}, broker.Subjects{})
	heliumtest.Serve(env, "counter", impl)
	if err := rpcclient.Keyed(env.NewClientOn(nc, long), "k").Call(t.Context(), "counter.countA", nil); err != nil {
		t.Errorf("with the permission for the method at each instance: %v", err)
	}
}

func TestRollingTheInstancesFailsNoCallByAKey(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		all := serveTellersOver(t, over, env, 3)
		all.known(env.Client)
		ctx, stop := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		var calls atomic.Int64
		for i := range 8 {
			callers.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					key := fmt.Sprint(i, n%50)
					if err := rpcclient.Keyed(env.Client, key).Call(context.Background(), "teller.who", nil); err != nil {
						t.Errorf("with the key %q: %v", key, err)
					}
					calls.Add(1)
				}
			})
		}
		for range 5 {
			all.add()
			more := calls.Load() + 200
			eventually(t, func() error {
				if n := calls.Load(); n < more {
					return fmt.Errorf("%d calls, want %d", n, more)
				}
				return nil
			})
			all.remove(all.order("any")[0])
		}
		stop()
		callers.Wait()
		if s := env.Client.Stats(); s.Retries > 0 {
			t.Errorf("%d retries, want none: what finds nobody goes on elsewhere", s.Retries)
		}
	})
}
