package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// handmade is an instance that takes calls and says nothing.
func (w *world) handmade(instance string, abilities wire.Abilities, subjects ...string) (calls *atomic.Int64) {
	calls = new(atomic.Int64)
	nc := w.connect(instance)
	for _, subject := range subjects {
		w.subscribe(nc, subject, "helium", func(*nats.Msg) { calls.Add(1) })
	}
	w.know(binder.Record{Service: "work", Instance: instance, Abilities: uint64(abilities), Methods: []binder.Method{{Name: "hold", Signature: "hold(string)"}}})
	return calls
}

func TestWhereSomebodyNeedNotSpeakNobodyIsSilent(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.handmade("old", 0, "helium.call.work", "helium.call.work.*")
		w.handmade("once", wire.Heartbeats|wire.AnswersOnce, "helium.at.work.once.>")
		servers, c := w.three(), w.client(rpcclient.Config{})
		var held []*call
		for i := range 20 {
			held = append(held, w.begin(c, "work.hold", fmt.Sprint(i)))
		}
		for name := range servers {
			w.bus.Freeze(name)
		}
		for _, one := range held {
			if one.wait(); helium.CodeOf(one.err) != helium.CodeDeadlineExceeded {
				t.Errorf("a call that an old instance may have ended with %v, want its deadline", one.err)
			}
		}
	})
}

func TestWhoCannotBeReachedByItselfAndWasNeverHeardIsNotTakenForGone(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.handmade("far", wire.Heartbeats, "helium.call.work", "helium.call.work.*")
		c := w.client(rpcclient.Config{})
		one := w.begin(c, "work.hold", "x")
		if one.wait(); helium.CodeOf(one.err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline", one.err)
		}
	})
}

func TestAnInstanceThatNeverSpokeIsSilent(t *testing.T) {
	inFakeTime(t, func(w *world) {
		calls := w.handmade("mute", wire.Heartbeats, "helium.call.work", "helium.call.work.*", "helium.at.work.mute.>")
		c := w.client(rpcclient.Config{})
		w.begin(c, "work.hold", "x").wantSilent(t, "mute")
		before := calls.Load()
		time.Sleep(3 * time.Minute)
		if asked := calls.Load() - before; asked < 150 || asked > 181 {
			t.Errorf("it was asked %d times in three minutes, want each second", asked)
		}
	})
}

func TestAServerThatFinishesItsCallsBeforeItLeavesIsNotSilent(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s, srv := w.serve("server", rpcserver.Config{DrainTimeout: time.Minute})
		c := w.client(rpcclient.Config{MaxAttempts: 1})
		napping := w.begin(c, "work.nap", 10_000)
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Errorf("Shutdown = %v, want nil", err)
		}
		if napping.wait(); napping.err != nil || napping.who != s.instance {
			t.Errorf("the call ended with %q, %v; want its result", napping.who, napping.err)
		}
	})
}

func TestAKeysCallsMoveWhileItsInstanceIsSilentAndComeBack(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, plain := w.three(), w.client(rpcclient.Config{})
		c := rpcclient.Keyed(plain, "customer-7")
		home := w.begin(c, "work.who", "1").wait().who
		frozen := ""
		for name, s := range servers {
			if s.instance == home {
				frozen = name
			}
		}
		w.bus.Freeze(frozen)
		w.begin(c, "work.hold", "x").wantSilent(t, home)
		var met []string
		for i := range 5 {
			met = append(met, w.begin(c, "work.who", fmt.Sprint(i)).wait().who)
		}
		if strings.Join(met, "") != strings.Repeat(met[0], 5) || met[0] == home || met[0] == "" {
			t.Errorf("while %s is silent the key's calls met %q, want one other", home, met)
		}
		w.bus.Thaw(frozen)
		time.Sleep(1600 * time.Millisecond)
		if got := w.begin(c, "work.who", "back").wait(); got.who != home {
			t.Errorf("once it is heard again: %q, %v; want %s", got.who, got.err, home)
		}
	})
}

func TestWithoutPermissionForSingleInstancesCallsGoOnByTheQueueGroup(t *testing.T) {
	for name, denied := range map[string]string{"no method's": "helium.at.", "one method's": ".who"} {
		inFakeTime(t, func(w *world) {
			w.bus.MayPublish = func(name, subject string) bool {
				return name != "client" || !strings.HasPrefix(subject, "helium.at.") || !strings.Contains(subject, denied)
			}
			servers, c := w.three(), w.client(rpcclient.Config{})
			w.begin(c, "work.who", "first").wait()
			held := w.begin(c, "work.hold", "x")
			frozen := of(servers, "x")
			w.bus.Freeze(frozen)
			held.wait()
			if !errors.Is(held.err, helium.ErrSilent) {
				t.Errorf("%s: the call ended with %v, want ErrSilent", name, held.err)
			}
			answered := 0
			var calls []*call
			for i := range 30 {
				calls = append(calls, w.begin(c, "work.who", fmt.Sprint(i)))
			}
			for _, one := range calls {
				switch one.wait(); {
				case one.err == nil:
					answered++
				case !errors.Is(one.err, helium.ErrSilent):
					t.Errorf("%s: a call ended with %v, want an answer, or ErrSilent of the frozen one", name, one.err)
				}
			}
			if answered < 10 {
				t.Errorf("%s: %d of 30 calls were answered, want those that the others got", name, answered)
			}
		})
	}
}

func TestOneWayCallsGoToOthersThanTheSilentOneOrByTheQueueGroupWhereTheyMayNot(t *testing.T) {
	const calls = 60
	for name, test := range map[string]struct {
		denied string // in the subjects of single instances; "": nothing
		least  int    // how many run
	}{
		"every one's":  {"", calls},
		"no method's":  {"helium.at.", calls / 3}, // the silent one gets its share
		"one method's": {".take", calls / 3},
	} {
		inFakeTime(t, func(w *world) {
			w.bus.MayPublish = func(name, subject string) bool {
				return name != "client" || test.denied == "" || !strings.HasPrefix(subject, "helium.at.") || !strings.Contains(subject, test.denied)
			}
			servers, c := w.three(), w.client(rpcclient.Config{})
			w.begin(c, "work.who", "first").wait()
			held := w.begin(c, "work.hold", "x")
			frozen := of(servers, "x")
			w.bus.Freeze(frozen)
			held.wait()
			if !errors.Is(held.err, helium.ErrSilent) {
				t.Errorf("%s: the call ended with %v, want ErrSilent", name, held.err)
			}
			before := servers[frozen].taken()
			for i := range calls {
				if err := c.Notify(context.Background(), "work.take", fmt.Sprint("note ", i)); err != nil {
					t.Errorf("%s: a one-way call: %v", name, err)
				}
			}
			synctest.Wait()
			ran := 0
			for _, s := range servers {
				ran += s.taken()
			}
			if ran < test.least || servers[frozen].taken() != before {
				t.Errorf("who may call %s instances' subjects: %d of %d one-way calls ran, want %d at least", name, ran, calls, test.least)
			}
		})
	}
}

func TestAOneWayCallByAKeyThatMayNotGoThereIsAnError(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.bus.MayPublish = func(name, subject string) bool {
			return name != "client" || !strings.HasPrefix(subject, "helium.at.")
		}
		servers, c := w.three(), w.client(rpcclient.Config{})
		err := rpcclient.Keyed(c, "customer-7").Notify(context.Background(), "work.take", "note")
		if !errors.Is(err, helium.ErrNotPermitted) || helium.AsError(err).Outcome != helium.NotExecuted || !strings.Contains(err.Error(), "helium.at.work.") {
			t.Errorf("Notify = %v, want ErrNotPermitted, not executed, with the subject", err)
		}
		synctest.Wait()
		for _, s := range servers {
			if s.taken() > 0 {
				t.Error("it ran")
			}
		}
	})
}

func TestACancelGoesToTheInstanceThatHasTheCall(t *testing.T) {
	for _, test := range []struct {
		servers int
		after   time.Duration
		at      []int // cancels sent at once, and in the second after that
	}{
		{3, 0, []int{3, 0}},
		{3, 1100 * time.Millisecond, []int{1, 0}},
		{9, 0, []int{0, 1}},
		{9, 1100 * time.Millisecond, []int{1, 0}},
	} {
		inFakeTime(t, func(w *world) {
			var all []*work
			for i := range test.servers {
				s, _ := w.serve(fmt.Sprint("server", i), rpcserver.Config{})
				all = append(all, s)
			}
			var cancels atomic.Int64
			w.subscribe(w.connect("spy"), "helium.ctl.>", "", func(*nats.Msg) { cancels.Add(1) })
			c := w.client(rpcclient.Config{})
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- c.Call(ctx, "work.hold", nil, "x") }()
			synctest.Wait()
			time.Sleep(test.after)
			cancel()
			if err := <-ended; !errors.Is(err, helium.ErrCanceled) {
				t.Errorf("the call ended with %v, want ErrCanceled", err)
			}
			synctest.Wait()
			atOnce := cancels.Load()
			time.Sleep(1100 * time.Millisecond)
			if later := cancels.Load() - atOnce; int(atOnce) != test.at[0] || int(later) != test.at[1] {
				t.Errorf("%d servers, canceled after %v: %d cancels at once and %d later, want %v", test.servers, test.after, atOnce, later, test.at)
			}
			canceled := 0
			for _, s := range all {
				if s.end("x") == context.Canceled {
					canceled++
				}
			}
			if canceled != 1 {
				t.Errorf("%d servers, canceled after %v: %d handlers were told, want 1", test.servers, test.after, canceled)
			}
		})
	}
}

func TestAmongManyInstancesTheSilentOneIsFoundByWhoSpeaks(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers := make(map[string]*work)
		for i := range 20 {
			name := fmt.Sprint("server", i)
			servers[name], _ = w.serve(name, rpcserver.Config{})
		}
		var asks atomic.Int64
		w.subscribe(w.connect("spy"), "helium.at.work.*.hold", "", func(*nats.Msg) { asks.Add(1) })
		c := w.client(rpcclient.Config{})
		held := w.begin(c, "work.hold", "x")
		frozen := of(servers, "x")
		w.bus.Freeze(frozen)
		if held.wait(); !errors.Is(held.err, helium.ErrSilent) {
			t.Errorf("the call ended with %v, want ErrSilent", held.err)
		}
		for name, s := range servers {
			if name != frozen && strings.Contains(held.err.Error(), s.instance) {
				t.Errorf("the error %v names %s, which lives", held.err, s.instance)
			}
		}
		if got := asks.Load(); got > 40 {
			t.Errorf("%d instances were asked, want eight a half second", got)
		}
	})
}

// refusing is an instance that refuses each call for load, a while after it has come.
func (w *world) refusing(after time.Duration) (calls *atomic.Int64) {
	calls = new(atomic.Int64)
	w.subscribe(w.connect("busy"), "helium.call.work.hold", "helium", func(m *nats.Msg) {
		calls.Add(1)
		time.Sleep(after)
		frames, err := wire.ReadMessage(m.Data)
		var call wire.Frame
		for err == nil && call.Kind != wire.KindCall {
			err = frames.Next(&call)
		}
		if err != nil {
			w.t.Errorf("a call that can't be read: %v", err)
		}
		refusal := wire.Frame{Kind: wire.KindError, Seq: call.Seq, Body: wire.AppendError(nil, helium.ErrOverloaded.WithOutcome(helium.NotExecuted))}
		_ = m.Respond(wire.AppendFrame(wire.AppendMessageHeader(nil), &refusal))
	})
	w.know(binder.Record{Service: "work", Instance: "busy", Methods: []binder.Method{{Name: "hold", Signature: "hold(string)"}}})
	return calls
}

func TestACallWhoseWayWasLongIsMadeAgainWhenItIsRefusedForLoad(t *testing.T) {
	inFakeTime(t, func(w *world) {
		calls, c := w.refusing(time.Second), w.client(rpcclient.Config{MaxAttempts: 3})
		err := c.Call(context.Background(), "work.hold", nil, "x")
		if got := calls.Load(); !errors.Is(err, helium.ErrOverloaded) || got != 3 || c.Stats().Retries != 2 {
			t.Errorf("%v after %d attempts, %d of them retries, want ErrOverloaded after 3, two of them retries", err, got, c.Stats().Retries)
		}
	})
}

func TestARetryForWhichThereIsNoTimeIsNotCounted(t *testing.T) {
	inFakeTime(t, func(w *world) {
		calls, c := w.refusing(10*time.Second-µs), w.client(rpcclient.Config{})
		err := c.Call(context.Background(), "work.hold", nil, "x")
		if got := calls.Load(); !errors.Is(err, helium.ErrOverloaded) || got != 1 || c.Stats().Retries != 0 {
			t.Errorf("%v after %d attempts, %d of them retries, want ErrOverloaded after one", err, got, c.Stats().Retries)
		}
	})
}
