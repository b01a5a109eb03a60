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

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// lostWithin is how long it takes at most until who made a call hears that it got lost.
const lostWithin = 5 * time.Second

// loss is what gets lost of what a connection publishes to subjects that begin so, while it is on.
type loss struct {
	of, prefix string
	on         atomic.Bool
}

// losing returns a loss in a world to which nobody has connected yet but the binder.
func (w *world) losing(of, prefix string) *loss {
	l := &loss{of: of, prefix: prefix}
	w.bus.Loses = func(name, subject string) bool {
		return l.on.Load() && name == l.of && strings.HasPrefix(subject, l.prefix)
	}
	return l
}

// wantLost checks that a call failed in time, as it or its answer got lost.
func (c *call) wantLost(t *testing.T, what string, instance string) {
	t.Helper()
	began := time.Now()
	c.wait()
	e := helium.AsError(c.err)
	if !errors.Is(c.err, helium.ErrSilent) || e.Outcome != helium.Unknown || e.Instance != instance || !strings.Contains(e.Message, "lost") {
		t.Errorf("%s: it ended with %v of instance %q, want ErrSilent of %q, unknown, that says lost", what, c.err, e.Instance, instance)
	}
	if took := time.Since(began); took > lostWithin {
		t.Errorf("%s: it ended after %v, want within %v", what, took, lostWithin)
	}
}

func TestACallThatGetsLostOnItsWayEndsOnceAllInstancesHaveShownThatTheyDoNotHaveIt(t *testing.T) {
	for name, busy := range map[string]bool{"idle instances": false, "busy instances": true} {
		inFakeTime(t, func(w *world) {
			l := w.losing("client", "helium.call.")
			servers, c := w.three(), w.client(rpcclient.Config{})
			var others []*call
			if busy {
				for i := range 30 {
					others = append(others, w.begin(c, "work.hold", fmt.Sprint("other", i)))
				}
				time.Sleep(3 * time.Second)
			}
			l.on.Store(true)
			held := w.begin(c, "work.hold", "x")
			l.on.Store(false)
			held.wantLost(t, name, "")
			if by := of(servers, "x"); by != "" {
				t.Errorf("%s: the call ran at %s, so the test loses nothing", name, by)
			}
			if s := c.Stats(); s.Silent != 1 || s.SilentInstances != 0 {
				t.Errorf("%s: Silent %d, SilentInstances %d; want 1, and no instance taken for silent", name, s.Silent, s.SilentInstances)
			}
			for _, other := range others {
				if other.wait(); helium.CodeOf(other.err) != helium.CodeDeadlineExceeded {
					t.Errorf("%s: a call that runs ended with %v, want its deadline", name, other.err)
				}
			}
		})
	}
}

// Eight instances of a service are asked each half second, and each of them twice.
func TestACallThatGetsLostAmongManyInstancesEndsOnceAllWereAskedTwiceAndNoneMoreOften(t *testing.T) {
	const instances, most = 40, 8 * time.Second
	inFakeTime(t, func(w *world) {
		l := w.losing("client", "helium.call.")
		for i := range instances {
			w.serve(fmt.Sprint("server", i), rpcserver.Config{})
		}
		c := w.client(rpcclient.Config{Timeout: time.Minute})
		for i := range 10 * instances { // so that all speak
			w.begin(c, "work.hold", fmt.Sprint("other", i))
		}
		time.Sleep(3 * time.Second)
		l.on.Store(true)
		held := w.begin(c, "work.hold", "x")
		l.on.Store(false)
		began := time.Now()
		if held.wait(); !errors.Is(held.err, helium.ErrSilent) || !strings.Contains(held.err.Error(), "lost") {
			t.Errorf("it ended with %v, want ErrSilent that says lost", held.err)
		}
		if took := time.Since(began); took > most {
			t.Errorf("it ended after %v, want within %v", took, most)
		}
	})
}

func TestACallThatGetsLostIsMadeAgainIfThatDoesNoHarm(t *testing.T) {
	inFakeTime(t, func(w *world) {
		l := w.losing("client", "helium.call.")
		w.three()
		c := w.client(rpcclient.Config{})
		l.on.Store(true)
		nap := w.begin(c, "work.nap", 1)
		l.on.Store(false)
		if nap.wait(); nap.err != nil || nap.took > lostWithin {
			t.Errorf("an idempotent call that got lost ended with %v after %v, want it made again within %v", nap.err, nap.took, lostWithin)
		}
	})
}

func TestAnAnswerThatGetsLostEndsItsCall(t *testing.T) {
	for name, lasts := range map[string]time.Duration{"at once": 0, "after three seconds": 3 * time.Second} {
		inFakeTime(t, func(w *world) {
			l := w.losing("server", "_INBOX.")
			s, _ := w.serve("server", rpcserver.Config{})
			c := w.client(rpcclient.Config{MaxAttempts: 1})
			if got := w.begin(c, "work.who", "first").wait(); got.err != nil {
				t.Fatal(got.err)
			}
			if lasts == 0 {
				l.on.Store(true)
			}
			nap := w.begin(c, "work.nap", int(max(lasts, time.Millisecond).Milliseconds()))
			time.Sleep(lasts - 50*time.Millisecond)
			l.on.Store(true)
			time.Sleep(100 * time.Millisecond)
			l.on.Store(false)
			instance := ""
			if lasts > 0 {
				instance = s.instance
			}
			nap.wantLost(t, name, instance)
		})
	}
}

func TestAStreamThatGetsLostOnItsWayEnds(t *testing.T) {
	for _, method := range []string{"work.last", "work.tick"} {
		inFakeTime(t, func(w *world) {
			l := w.losing("client", "helium.")
			w.three()
			c := w.client(rpcclient.Config{})
			if got := w.begin(c, "work.who", "first").wait(); got.err != nil {
				t.Fatal(got.err)
			}
			l.on.Store(true)
			ended := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				if method == "work.last" {
					_, err := rpcclient.Call[int](ctx, c, method, slowly(time.Minute))
					ended <- err
					return
				}
				for _, err := range rpcclient.Stream[int](ctx, c, method) {
					if err != nil {
						ended <- err
						return
					}
				}
				ended <- nil
			}()
			synctest.Wait()
			l.on.Store(false)
			began := time.Now()
			if err := <-ended; !errors.Is(err, helium.ErrSilent) || time.Since(began) > lostWithin {
				t.Errorf("%s: it ended with %v after %v, want ErrSilent within %v", method, err, time.Since(began), lostWithin)
			}
		})
	}
}

func TestACallThatWaitsForItsTurnIsNotLost(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.serve("server", rpcserver.Config{MaxInFlight: 1})
		c := w.client(rpcclient.Config{})
		w.begin(c, "work.hold", "the one that runs")
		waits := w.begin(c, "work.who", "x")
		if waits.wait(); helium.CodeOf(waits.err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline", waits.err)
		}
	})
}

func TestACallWhoseFirstHeartbeatGetsLostIsNotLostItself(t *testing.T) {
	const interval = 500 * time.Millisecond
	inFakeTime(t, func(w *world) {
		var calls, heartbeats atomic.Bool
		w.bus.Loses = func(name, subject string) bool {
			return calls.Load() && strings.HasPrefix(subject, "helium.call.") || heartbeats.Load() && name == "server"
		}
		w.serve("server", rpcserver.Config{})
		began := time.Now()
		w.begin(w.client(rpcclient.Config{}), "work.hold", "from which on the server counts its intervals")
		time.Sleep(interval / 2)
		c := w.client(rpcclient.Config{})
		w.begin(c, "work.hold", "from which on the client counts its own")
		for after := interval / 2; after <= 3*interval; after += interval / 10 {
			var lost []*call
			for range 8 { // so that questions are asked, and were answered, all the time
				calls.Store(true)
				lost = append(lost, w.begin(c, "work.hold", "lost"))
				calls.Store(false)
				time.Sleep(interval / 2)
			}
			time.Sleep(interval/10 - time.Since(began)%interval + interval)
			held := w.begin(c, "work.hold", fmt.Sprint("x", after))
			time.Sleep(after)
			heartbeats.Store(true)
			time.Sleep(interval / 10)
			heartbeats.Store(false)
			for _, one := range lost {
				one.wantLost(t, "one that got lost", "")
			}
			time.Sleep(6 * interval)
			select {
			case <-held.ended:
				t.Errorf("a call that runs, and of which what was said after %v got lost, ended with %v", after, held.err)
			default:
			}
		}
	})
}

func TestWhatAnInstanceMayHaveThatNeedNotSayItIsNotLost(t *testing.T) {
	inFakeTime(t, func(w *world) {
		l := w.losing("client", "helium.call.")
		w.three()
		w.handmade("old", 0)
		c := w.client(rpcclient.Config{})
		l.on.Store(true)
		held := w.begin(c, "work.hold", "x")
		l.on.Store(false)
		if held.wait(); helium.CodeOf(held.err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline, as an old instance may have it", held.err)
		}
	})
}

func TestWhereAnInstanceMayNotBeAskedNoCallIsTakenForLost(t *testing.T) {
	inFakeTime(t, func(w *world) {
		w.bus.MayPublish = func(name, subject string) bool {
			return name != "client" || !strings.HasPrefix(subject, "helium.at.")
		}
		l := w.losing("client", "helium.call.")
		_, c := w.three(), w.client(rpcclient.Config{})
		for i := range 30 { // so that all instances speak
			w.begin(c, "work.hold", fmt.Sprint(i))
		}
		time.Sleep(3 * time.Second)
		l.on.Store(true)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := c.Call(ctx, "work.hold", nil, "x"); helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			t.Errorf("the call ended with %v, want its deadline, as nobody can be asked", err)
		}
	})
}
