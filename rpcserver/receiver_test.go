package rpcserver

import (
	"context"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/inline"
)

// served is a server of math.add, in a bubble, that receives by a link in memory.
type served struct {
	*receiver
	*memoryLink
	method *method
	pulse  *clocks.Pulse
}

// serve makes the server of a handler that runs before the sum is made.
func serve(t *testing.T, handler func(ctx context.Context)) *served {
	s, m := oneMethod(t, add(handler))
	l := newMemoryLink(t)
	return &served{receiver: s.newReceiver(l, clocks.New(s.pulse, nil)), memoryLink: l, method: m, pulse: s.pulse}
}

// stop ends the receiver, and all that it left behind.
func (s *served) stop() {
	s.Close()
	<-s.done
	s.pool.Close()
}

// who returns which kind of goroutine runs its caller.
func who() string {
	switch stack := string(debug.Stack()); {
	case strings.Contains(stack, "(*receiver).receive("):
		return "the receiver"
	case strings.Contains(stack, "(*Pool[...]).worker("):
		return "a worker"
	default:
		return stack
	}
}

func TestTheReceiverRunsCallsItselfOnceTheyAreKnownToBeQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runners []string
		r := serve(t, func(context.Context) { runners = append(runners, who()) })
		go r.receive()
		for seq := range uint64(3) {
			r.call(seq + 1)
			synctest.Wait()
		}
		r.method.stats.remember(time.Millisecond)
		r.call(4)
		synctest.Wait()
		if want := []string{"a worker", "the receiver", "the receiver", "a worker"}; !slices.Equal(runners, want) {
			t.Errorf("the first call, two quick ones and one after a slow one were run by %q, want %q", runners, want)
		}
		r.stop()
	})
}

func TestAnswersToMessagesThatAreReadTogetherShareAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := serve(t, nil)
		r.method.stats.remember(time.Microsecond)
		r.call(1, 2)
		r.call(3)
		r.call(4, 5, 6)
		go r.receive()
		synctest.Wait()
		if got, want := r.taken(), [][]uint64{{1, 2, 3, 4, 5, 6}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers = %v, want %v", got, want)
		}
		r.stop()
	})
}

func TestACallThatGetsStuckHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		var stuck atomic.Bool
		r := serve(t, func(context.Context) {
			if stuck.CompareAndSwap(false, true) {
				<-block
			}
		})
		r.method.stats.remember(time.Microsecond)
		go r.receive()
		began := time.Now()
		r.call(1, 2, 3)
		r.call(4)
		n := 0
		for n < 3 && time.Since(began) < 3*inline.Pause {
			time.Sleep(time.Millisecond)
			for _, message := range r.taken() {
				n += len(message)
			}
		}
		if n != 3 {
			t.Errorf("%d of 3 calls behind one that is stuck were answered within %v, want all after two looks of the watchdog", n, time.Since(began))
		}
		if l := r.pool.Load(); l.Running != 1 || l.Waiting != 0 {
			t.Errorf("load = %d running, %d waiting; want the stuck one alone", l.Running, l.Waiting)
		}
		r.call(5)
		synctest.Wait()
		if got, want := r.taken(), [][]uint64{{5}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers while one call is stuck = %v, want %v", got, want)
		}

		close(block)
		synctest.Wait()
		if got, want := r.taken(), [][]uint64{{1}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers after that = %v, want %v", got, want)
		}
		if l := r.pool.Load(); l.Running != 0 {
			t.Errorf("%d calls still run", l.Running)
		}
		r.stop()
	})
}

func TestAnswersDoNotWaitForACallThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block, calls := make(chan struct{}), 0
		r := serve(t, func(context.Context) {
			if calls++; calls == 3 {
				<-block
			}
		})
		r.method.stats.remember(time.Microsecond)
		go r.receive()
		r.call(1, 2, 3)
		time.Sleep(3 * inline.Pause)
		if got, want := r.taken(), [][]uint64{{1, 2}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers while the third call is stuck = %v, want %v", got, want)
		}
		close(block)
		r.stop()
	})
}

func TestAHandlerThatEndsTheReceiversGoroutineEndsOnlyItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := serve(t, func(context.Context) {
			if calls.Add(1) == 2 {
				runtime.Goexit()
			}
		})
		r.method.stats.remember(time.Microsecond)
		go r.receive()
		r.call(1, 2, 3)
		r.call(4)
		synctest.Wait()
		var got []uint64
		for _, message := range r.taken() {
			got = append(got, message...)
		}
		if slices.Sort(got); !slices.Equal(got, []uint64{1, 2, 3, 4}) {
			t.Errorf("answered calls = %v, want all four", got)
		}
		if l := r.pool.Load(); l.Running != 0 || l.Waiting != 0 {
			t.Errorf("load = %d running, %d waiting; want none", l.Running, l.Waiting)
		}
		r.stop()
	})
}

func TestWorkersHelpAReceiverThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var runners []string
		r := serve(t, func(context.Context) {
			mu.Lock()
			defer mu.Unlock()
			runners = append(runners, who())
		})
		r.method.stats.remember(quick)
		seqs := make([]uint64, inlineWork/quick)
		for i := range seqs {
			seqs[i] = uint64(i) + 1
		}
		r.call(seqs...)
		r.call(1001)
		r.call(1002)
		go r.receive()
		synctest.Wait()
		r.call(1003)
		synctest.Wait()
		if got, want := runners[len(seqs):], []string{"a worker", "a worker", "the receiver"}; !slices.Equal(got, want) {
			t.Errorf("two calls on top of what a receiver takes, and one after them, were run by %q, want %q", got, want)
		}
		r.stop()
	})
}
