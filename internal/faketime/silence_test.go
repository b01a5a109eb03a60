package faketime_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// within is how long silence is borne, at most.
const within = 2600 * time.Millisecond

// wantSilent checks that a call failed in time as an instance is silent, or with "" as one of
// several.
func (c *call) wantSilent(t *testing.T, instance string) {
	t.Helper()
	c.wait()
	if e := helium.AsError(c.err); !errors.Is(c.err, helium.ErrSilent) || e.Outcome != helium.Unknown || e.Instance != instance {
		t.Errorf("the call ended with %v of instance %q, want ErrSilent of %q, unknown", c.err, e.Instance, instance)
	}
}

// three starts three servers.
func (w *world) three() (all map[string]*work) {
	all = make(map[string]*work)
	for i := range 3 {
		name := fmt.Sprint("server", i)
		all[name], _ = w.serve(name, rpcserver.Config{})
	}
	return all
}

// of returns which server has a call.
func of(all map[string]*work, id string) string {
	for name, s := range all {
		if s.has(id) {
			return name
		}
	}
	return ""
}

func TestACallOfAFrozenServerFailsAndNamesIt(t *testing.T) {
	for _, after := range []time.Duration{0, 300 * time.Millisecond, 5 * time.Second} {
		inFakeTime(t, func(w *world) {
			servers, c := w.three(), w.client(rpcclient.Config{})
			held := w.begin(c, "work.hold", "x")
			frozen := of(servers, "x")
			time.Sleep(after)
			w.bus.Freeze(frozen)
			began := time.Now()
			held.wantSilent(t, servers[frozen].instance)
			if took := time.Since(began); took > within || took < 1500*time.Millisecond {
				t.Errorf("frozen after %v it failed after %v, want 2 to 2.5 s", after, took)
			}
			for i := range 50 {
				if got := w.begin(c, "work.who", fmt.Sprint(i)).wait(); got.err != nil || got.who == servers[frozen].instance {
					t.Errorf("a call while it is silent: %q, %v; want one of the others", got.who, got.err)
				}
			}
			if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 1 {
				t.Errorf("Silent %d, SilentInstances %d; want 1, 1", s.Silent, s.SilentInstances)
			}
		})
	}
}

func TestAHandlerThatHangsIsNotSilence(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, c := w.three(), w.client(rpcclient.Config{})
		if err := w.begin(c, "work.hold", "x").wait().err; helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline", err)
		}
	})
}

func TestAServerThatWakesIsCalledAgain(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, c := w.three(), w.client(rpcclient.Config{})
		held := w.begin(c, "work.hold", "x")
		frozen := of(servers, "x")
		w.bus.Freeze(frozen)
		held.wantSilent(t, servers[frozen].instance)
		time.Sleep(time.Minute)
		w.bus.Thaw(frozen)
		time.Sleep(1600 * time.Millisecond)
		met := make(map[string]bool)
		for i := range 50 {
			met[w.begin(c, "work.who", fmt.Sprint(i)).wait().who] = true
		}
		if len(met) != 3 || met[""] {
			t.Errorf("50 calls after it woke met %v, want all three", met)
		}
		if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
			t.Errorf("Silent %d, SilentInstances %d; want 1, 0", s.Silent, s.SilentInstances)
		}
	})
}

func TestIdempotentCallsOfAFrozenServerAreMadeElsewhere(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, c := w.three(), w.client(rpcclient.Config{})
		w.bus.Freeze("server0")
		var calls []*call
		for range 9 {
			calls = append(calls, w.begin(c, "work.nap", 100))
		}
		slow := 0
		for _, one := range calls {
			if one.wait(); one.err != nil || one.who == servers["server0"].instance {
				t.Errorf("a call ended with %q, %v; want one of the others", one.who, one.err)
			}
			if one.took > time.Second {
				slow++
			}
		}
		if s := c.Stats(); int(s.Silent) != slow || int(s.Retries) != slow || slow == 0 {
			t.Errorf("%d calls took long, %d were silent, %d retried; want as many, and some", slow, s.Silent, s.Retries)
		}
	})
}

func TestWithAllServersFrozenCallsFailAndNameThem(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, c := w.three(), w.client(rpcclient.Config{})
		w.begin(c, "work.who", "first").wait()
		for name := range servers {
			w.bus.Freeze(name)
		}
		one := w.begin(c, "work.hold", "x")
		one.wantSilent(t, "")
		for _, s := range servers {
			if !strings.Contains(one.err.Error(), s.instance) {
				t.Errorf("the error %v doesn't name %s", one.err, s.instance)
			}
		}
		// As nobody lives, the queue group gets it, and who wakes first answers.
		next := w.begin(c, "work.who", "y")
		w.bus.Thaw("server0")
		w.bus.Thaw("server1")
		w.bus.Thaw("server2")
		if next.wait(); next.err != nil {
			t.Errorf("a call while all are silent, who wake: %v, want an answer", next.err)
		}
	})
}

func TestACallOfAKilledServerFailsInTime(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, c := w.three(), w.client(rpcclient.Config{})
		held := w.begin(c, "work.hold", "x")
		killed := of(servers, "x")
		time.Sleep(1100 * time.Millisecond)
		w.bus.Kill(killed)
		began := time.Now()
		held.wantSilent(t, servers[killed].instance)
		if took := time.Since(began); took > within {
			t.Errorf("it failed after %v, want 2.5 s at most", took)
		}
		if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
			t.Errorf("Silent %d, SilentInstances %d; want 1, and none that calls keep away from", s.Silent, s.SilentInstances)
		}
	})
}

func TestACallToOneInstanceFailsInTimeThoughThatIsKilledBeforeItWasEverHeard(t *testing.T) {
	for name, to := range map[string]func(*rpcclient.Client, *work) *rpcclient.Client{
		"by a key": func(c *rpcclient.Client, _ *work) *rpcclient.Client { return rpcclient.Keyed(c, "customer-7") },
		"by At":    func(c *rpcclient.Client, s *work) *rpcclient.Client { return c.At(s.instance) },
	} {
		t.Run(name, func(t *testing.T) {
			inFakeTime(t, func(w *world) {
				servers, c := w.three(), w.client(rpcclient.Config{})
				held := w.begin(to(c, servers["server1"]), "work.hold", "x")
				killed := of(servers, "x")
				w.bus.Kill(killed)
				held.wantSilent(t, servers[killed].instance)
				if held.took > within {
					t.Errorf("it failed after %v, want %v at most", held.took, within)
				}
			})
		})
	}
}

func TestAShortStandstillIsNoSilence(t *testing.T) {
	inFakeTime(t, func(w *world) {
		servers, c := w.three(), w.client(rpcclient.Config{})
		held := w.begin(c, "work.hold", "x")
		for range 5 {
			time.Sleep(3 * time.Second)
			w.bus.Freeze(of(servers, "x"))
			time.Sleep(1400 * time.Millisecond)
			w.bus.Thaw(of(servers, "x"))
		}
		if held.wait(); helium.CodeOf(held.err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline", held.err)
		}
	})
}

func TestWhatAClientDoesNotHearWhileItsConnectionStandsStillIsNoSilence(t *testing.T) {
	inFakeTime(t, func(w *world) {
		_, c := w.three(), w.client(rpcclient.Config{})
		held := w.begin(c, "work.hold", "x")
		time.Sleep(3 * time.Second)
		w.bus.Freeze("client")
		time.Sleep(20 * time.Second)
		w.bus.Thaw("client")
		if held.wait(); helium.CodeOf(held.err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline", held.err)
		}
		if s := c.Stats(); s.Silent != 0 || s.SilentInstances != 0 {
			t.Errorf("Silent %d, SilentInstances %d; want none", s.Silent, s.SilentInstances)
		}
	})
}

func TestTheCallsOfAClientThatIsGoneEnd(t *testing.T) {
	inFakeTime(t, func(w *world) {
		s, srv := w.serve("server", rpcserver.Config{})
		c := w.client(rpcclient.Config{})
		for i := range 100 {
			w.begin(c, "work.hold", fmt.Sprint(i))
		}
		time.Sleep(3 * time.Second)
		w.bus.Kill("client")
		time.Sleep(4 * time.Second)
		for i := range 100 {
			if err := s.end(fmt.Sprint(i)); err == nil {
				t.Errorf("call %d still runs", i)
			}
		}
		if got := srv.Stats(); got.Abandoned != 100 || got.Running != 0 {
			t.Errorf("Abandoned %d, Running %d; want 100, 0", got.Abandoned, got.Running)
		}
	})
}

func TestTheStreamsOfAClientThatIsKilledEndWithinTwoSeconds(t *testing.T) {
	for after := time.Duration(0); after < 700*time.Millisecond; after += 70 * time.Millisecond {
		inFakeTime(t, func(w *world) {
			_, srv := w.serve("server", rpcserver.Config{})
			c := w.client(rpcclient.Config{})
			go func() {
				for range rpcclient.Stream[int](context.Background(), c, "work.tick") {
				}
			}()
			go func() {
				for range rpcclient.Stream[int](context.Background(), c, "work.wait") {
				}
			}()
			go func() {
				_ = c.Call(context.Background(), "work.last", nil, iter.Seq2[int, error](func(yield func(int, error) bool) {
					for yield(1, nil) {
						time.Sleep(10 * time.Millisecond)
					}
				}))
			}()
			synctest.Wait()
			time.Sleep(after)
			if got := srv.Stats().Streams; got != 3 {
				t.Fatalf("%d streams run, want 3", got)
			}
			w.bus.Kill("client")
			time.Sleep(2 * time.Second)
			if got := srv.Stats(); got.Streams != 0 || got.Abandoned != 3 {
				t.Errorf("two seconds after a client was killed that streamed for %v, %d streams run and %d are abandoned; want 0, 3", after, got.Streams, got.Abandoned)
			}
		})
	}
}
