package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// staller is a service that answers at once, or while it stalls when it is let, or its context
// ends. Calls for 0 are always answered at once: one that was hedged may reach its second handler
// long after it was answered.
type staller struct {
	name     string
	stalls   atomic.Bool
	entered  chan struct{} // told by each call that stalls
	let      chan struct{} // fed once for each of them that may return
	canceled atomic.Int64  // those whose context ended first
}

func (s *staller) Get(ctx context.Context, n int) (string, error) {
	if n != 0 && s.stalls.Load() {
		s.entered <- struct{}{}
		select {
		case <-s.let:
		case <-ctx.Done():
			s.canceled.Add(1)
			return "", ctx.Err()
		}
	}
	return fmt.Sprint(s.name, " ", n), nil
}

// wantTimeUp checks that a call's time was over, by the client's sweep or the handler's context,
// whichever came first.
func wantTimeUp(t *testing.T, err error) {
	t.Helper()
	if helium.CodeOf(err) != helium.CodeDeadlineExceeded {
		t.Fatalf("error = %v, want the deadline", err)
	}
}

// hedged is how clients that hedge are configured here.
var hedged = rpcclient.Config{Timeout: patience, Hedge: true}

// stallers are two instances of the service "staller", and a client that hedges their calls.
// The first one is that of the key of toFirst.
type stallers struct {
	env           *heliumtest.Env
	first, second *staller
	servers       [2]*rpcserver.Server // in that order
	client        *rpcclient.Client
	toFirst       *rpcclient.Client
}

func serveStallers(t *testing.T, over linkage, config rpcserver.Config, options ...rpcserver.Option) *stallers {
	t.Helper()
	s := &stallers{env: heliumtest.NewWith(t, heliumtest.Config{Client: hedged})}
	s.client = s.env.Client
	byName := make(map[string]*staller)
	all := &tellers{t: t, env: s.env, byName: make(map[string]*rpcserver.Server)}
	for range 2 {
		impl := &staller{entered: make(chan struct{}, 1000), let: make(chan struct{}, 1000)}
		srv := over.serve(s.env, config, "staller", impl, options...)
		byName[srv.Instance()], all.byName[srv.Instance()] = impl, srv
	}
	order := all.order("k")
	s.first, s.second = byName[order[0]], byName[order[1]]
	s.first.name, s.second.name = "first", "second"
	s.servers = [2]*rpcserver.Server{all.byName[order[0]], all.byName[order[1]]}
	s.toFirst = rpcclient.Keyed(s.client, "k")
	over.links(t, s.client, "staller", 2)
	over.checkAll(t, s.client)
	return s
}

var idempotentGet = rpcserver.Idempotent("get")

// warm makes enough calls for the client to know how long they take, and for its budget of retries
// to be full again where some of them were hedged. No instance has a call of it left then.
func (s *stallers) warm(t *testing.T) {
	t.Helper()
	for answered := 0; answered < 48; {
		switch err := s.client.Call(t.Context(), "staller.get", nil, 0); {
		case err == nil:
			answered++
		case !errors.Is(err, helium.ErrOverloaded): // a hedge of the call before may have the only place
			t.Fatal(err)
		}
	}
	for _, srv := range s.servers {
		eventually(t, func() error { return s.client.At(srv.Instance()).Call(t.Context(), "staller.get", nil, 0) })
	}
	if n := s.client.Stats().Hedges + s.client.Stats().Retries; n > 0 {
		t.Logf("%d calls were hedged or made again already", n)
		for range 10 * n { // of these none is
			_ = s.client.At(s.servers[0].Instance()).Call(t.Context(), "staller.get", nil, 0)
		}
	}
}

// since returns what is counted from a moment on.
func (s *stallers) since(before rpcclient.Stats) (hedges, won uint64) {
	after := s.client.Stats()
	return after.Hedges - before.Hedges, after.HedgesWon - before.HedgesWon
}

func TestALateCallIsAnsweredByAnotherInstanceAndCanceledAtItsOwn(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		s.second.stalls.Store(true)
		before := s.client.Stats()
		for n, way := range everyWay[string, func(context.Context, int) (string, error)](t.Context(), s.toFirst, "staller.get",
			func(f func(context.Context, int) (string, error)) (string, error) { return f(t.Context(), 7) }, 7) {
			go func() {
				<-s.first.entered // a call that is canceled before it begins has no handler to cancel
				s.second.let <- struct{}{}
			}()
			if got, err := way.call(); got != "second 7" || err != nil {
				t.Errorf("%s: get(7) = %q, %v; want the other instance's", way.name, got, err)
			}
			eventually(t, func() error {
				if canceled := s.first.canceled.Load(); canceled != int64(n+1) {
					return fmt.Errorf("%d handlers of the first instance were canceled, want %d", canceled, n+1)
				}
				return nil
			})
		}
		if hedges, won := s.since(before); hedges != 5 || won != 5 {
			t.Errorf("%d hedges, %d of which won; want 5 and 5", hedges, won)
		}
		s.second.stalls.Store(false)
		// Without a key either instance may be the first.
		for range 20 {
			if got, err := rpcclient.Call[string](t.Context(), s.client, "staller.get", 8); got != "second 8" || err != nil {
				hedges, _ := s.since(before)
				t.Fatalf("get(8) = %q, %v after %d hedges; want the other instance's", got, err, hedges)
			}
			if hedges, _ := s.since(before); hedges > 7 {
				break // the budget has a few more
			}
		}
	})
}

func TestACallThatIsNotIdempotentIsNeverHedged(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{})
		s.warm(t)
		s.first.stalls.Store(true)
		calls := s.servers[1].Stats().Calls
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		wantTimeUp(t, s.toFirst.Call(ctx, "staller.get", nil, 7))
		if n := s.client.Stats().Hedges; n != 0 {
			t.Errorf("%d hedges, want none", n)
		}
		if more := s.servers[1].Stats().Calls - calls; more != 0 {
			t.Errorf("the other instance had %d calls, want none", more)
		}
	})
}

func TestOneWayCallsAreNeverHedged(t *testing.T) {
	s := serveStallers(t, linkage{}, rpcserver.Config{}, idempotentGet)
	s.warm(t)
	s.first.stalls.Store(true)
	before := s.client.Stats()
	for range 5 {
		if err := s.toFirst.Notify(t.Context(), "staller.get", 7); err != nil {
			t.Fatal(err)
		}
		within(t, s.first.entered, "one-way call")
	}
	if hedges, _ := s.since(before); hedges != 0 {
		t.Errorf("%d hedges, want none", hedges)
	}
	for range 5 {
		s.first.let <- struct{}{}
	}
}

func TestHedgesKeepToTheBudgetOfRetries(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		s.second.stalls.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		var callers sync.WaitGroup
		for range 40 {
			callers.Go(func() { _ = s.client.Call(ctx, "staller.get", nil, 7) })
		}
		const sure = 40 + 10
		for range sure {
			select {
			case <-s.first.entered:
			case <-s.second.entered:
			case <-time.After(patience):
				t.Fatal("the calls and ten hedges haven't all begun")
			}
		}
		cancel()
		callers.Wait()
		// A reserve of ten, and a tenth of the calls.
		after := s.client.Stats()
		if hedges, most := after.Hedges, 10+after.Calls/10; hedges < 10 || hedges > most {
			t.Errorf("%d hedges of %d calls, want 10 to %d", hedges, after.Calls, most)
		}
		// Both ends of each that has begun hear that nobody waits any more.
		eventually(t, func() error {
			began := int64(sure + len(s.first.entered) + len(s.second.entered))
			if canceled := s.first.canceled.Load() + s.second.canceled.Load(); canceled != began {
				return fmt.Errorf("%d handlers were canceled, want all %d that began", canceled, began)
			}
			return nil
		})
	})
}

func TestAHedgeThatIsRefusedLeavesTheFirstCallToItsHandler(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		s.second.stalls.Store(true)
		busy := make(chan error, 1)
		go func() {
			busy <- s.env.NewClient(long).At(s.servers[1].Instance()).Call(context.Background(), "staller.get", nil, 1)
		}()
		within(t, s.second.entered, "call that keeps the second instance busy")
		before, refused := s.client.Stats(), s.servers[1].Stats().Refused
		answer := make(chan string, 1)
		go func() {
			got, err := rpcclient.Call[string](context.Background(), s.toFirst, "staller.get", 7)
			answer <- fmt.Sprint(got, err)
		}()
		eventually(t, func() error {
			if n := s.servers[1].Stats().Refused - refused; n != 1 {
				return fmt.Errorf("the second instance refused %d calls, want 1", n)
			}
			return nil
		})
		s.first.let <- struct{}{}
		if got := within(t, answer, "answer"); got != "first 7<nil>" {
			t.Errorf("get(7) = %s, want the first instance's", got)
		}
		s.second.let <- struct{}{}
		if err := within(t, busy, "answer of the other call"); err != nil {
			t.Error(err)
		}
		if hedges, won := s.since(before); hedges != 1 || won != 0 {
			t.Errorf("%d hedges, %d of which won; want 1 and 0", hedges, won)
		}
	})
}

func TestAHedgeAnswersWhereTheFirstCallGotLost(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		s.second.stalls.Store(true)
		before := s.client.Stats()
		answer := make(chan string, 1)
		go func() {
			got, err := rpcclient.Call[string](context.Background(), s.toFirst, "staller.get", 7)
			answer <- fmt.Sprint(got, err)
		}()
		within(t, s.first.entered, "first call")
		within(t, s.second.entered, "hedge")
		noTime, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.servers[0].Shutdown(noTime); err == nil {
			t.Error("Shutdown = nil, want one that tells of the call that was cut")
		}
		s.second.let <- struct{}{}
		if got := within(t, answer, "answer"); got != "second 7<nil>" {
			t.Errorf("get(7) = %s, want the second instance's", got)
		}
		if after := s.client.Stats(); after.Retries != before.Retries || after.HedgesWon != before.HedgesWon+1 {
			t.Errorf("%d retries and %d hedges that won, want 0 and 1", after.Retries-before.Retries, after.HedgesWon-before.HedgesWon)
		}
	})
}

func TestACallerThatGivesUpCancelsBothOfAHedgedCall(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		s.second.stalls.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- s.toFirst.Call(ctx, "staller.get", nil, 7) }()
		within(t, s.first.entered, "first call")
		within(t, s.second.entered, "hedge")
		cancel()
		wantError(t, within(t, failed, "error"), helium.ErrCanceled, helium.Unknown)
		eventually(t, func() error {
			if a, b := s.first.canceled.Load(), s.second.canceled.Load(); a != 1 || b != 1 {
				return fmt.Errorf("%d and %d handlers were canceled, want 1 and 1", a, b)
			}
			return nil
		})
	})
}

func TestWithoutPermissionToCallSingleInstancesNothingIsHedged(t *testing.T) {
	env, nc := newLimitedTo(t, broker.Subjects{Allow: []string{"helium.binder.lookup.>", "helium.call.counter.>"}}, broker.Subjects{})
	impl := new(counter)
	for range 2 {
		heliumtest.Serve(env, "counter", impl, rpcserver.Idempotent("countA"))
	}
	c := env.NewClientOn(nc, hedged)
	for i := range 60 {
		if err := c.Call(t.Context(), "counter.countA", nil); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if s := c.Stats(); s.Fallbacks != 1 || s.Retries+s.Hedges != 0 {
		t.Errorf("%d fallbacks, %d retries, %d hedges; want 1, when NATS told, and none", s.Fallbacks, s.Retries, s.Hedges)
	}
}

func TestOnTheLastInstanceNothingIsHedged(t *testing.T) {
	s := serveStallers(t, linkage{}, rpcserver.Config{}, idempotentGet)
	s.warm(t)
	if err := s.servers[1].Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, s.client, "staller", 1)
	s.first.stalls.Store(true)
	before := s.client.Stats()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	wantTimeUp(t, s.client.Call(ctx, "staller.get", nil, 7))
	if hedges, _ := s.since(before); hedges != 0 {
		t.Errorf("%d hedges, want none", hedges)
	}
}

// dawdler is a service that takes as long as it likes.
type dawdler struct{}

func (dawdler) Echo(ctx context.Context, n int) (int, error) {
	if rand.IntN(10) == 0 {
		select {
		case <-time.After(rand.N(10 * time.Millisecond)):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	return n, nil
}

func TestHedgedCallsGetTheirOwnAnswers(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.NewWith(t, heliumtest.Config{Client: hedged})
		for range 3 {
			over.serve(env, rpcserver.Config{}, "dawdler", dawdler{}, rpcserver.Idempotent("echo"))
		}
		over.links(t, env.Client, "dawdler", 3)
		over.checkAll(t, env.Client)
		var callers sync.WaitGroup
		for i := range 16 {
			callers.Go(func() {
				for n := 1000 * i; n < 1000*i+150; n++ {
					if got, err := rpcclient.Call[int](context.Background(), env.Client, "dawdler.echo", n); got != n || err != nil {
						t.Errorf("echo(%d) = %d, %v", n, got, err)
					}
				}
			})
		}
		callers.Wait()
		if s := env.Client.Stats(); s.InFlight != 0 || s.HedgesWon > s.Hedges {
			t.Errorf("%d calls are in flight and %d of %d hedges won; want none, and no more than all", s.InFlight, s.HedgesWon, s.Hedges)
		}
	})
}
