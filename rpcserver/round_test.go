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

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// receiving is a server of math.add, in a bubble, that receives messages of one caller's.
type receiving struct {
	*Server
	method *method

	mu       sync.Mutex
	messages [][]uint64 // guarded by mu; the answers, as the calls' numbers, message by message
}

// newReceiving makes the server of a handler that runs before the sum is made.
func newReceiving(t *testing.T, handler func(ctx context.Context)) *receiving {
	s, to := oneMethod(t, add(handler))
	r := &receiving{Server: s, method: to.method}
	s.targets = &targets{of: map[string]target{"add": to}}
	c := &caller{server: s, key: "_INBOX.c.+", calls: make(map[uint64]*Call)}
	c.outbox = batch.New(0, func(m *batch.Message) { r.answered(t, m) })
	s.callers.byKey[c.key] = c
	return r
}

func (r *receiving) answered(t *testing.T, m *batch.Message) {
	var seqs []uint64
	frames, err := wire.ReadMessage(m.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil {
			seqs = append(seqs, f.Seq)
		}
	}
	if err != nil {
		t.Errorf("an answer is broken: %v", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, seqs)
}

// answers returns the calls that were answered since the last time, message by message.
func (r *receiving) answers() (messages [][]uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	messages, r.messages = r.messages, nil
	return messages
}

// send hands the receiver a message of calls.
func (r *receiving) send(seqs ...uint64) {
	data := wire.AppendMessageHeader(nil)
	for _, seq := range seqs {
		f := callOf(seq)
		data = wire.AppendFrame(data, &f)
	}
	r.inbound <- &nats.Msg{Subject: "add", Reply: "_INBOX.c.+1", Data: data}
}

// stop ends the receiver, and all that it left behind.
func (r *receiving) stop() {
	r.inbound <- nil
	<-r.received
	r.pool.close()
}

// who returns which kind of goroutine runs its caller.
func who() string {
	switch stack := string(debug.Stack()); {
	case strings.Contains(stack, "(*Server).receive("):
		return "the receiver"
	case strings.Contains(stack, "(*pool).worker("):
		return "a worker"
	default:
		return stack
	}
}

func TestTheReceiverRunsCallsItselfOnceTheyAreKnownToBeQuick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var runners []string
		r := newReceiving(t, func(context.Context) { runners = append(runners, who()) })
		go r.receive()
		for seq := range uint64(3) {
			r.send(seq + 1)
			synctest.Wait()
		}
		r.method.tally.remember(time.Millisecond)
		r.send(4)
		synctest.Wait()
		if want := []string{"a worker", "the receiver", "the receiver", "a worker"}; !slices.Equal(runners, want) {
			t.Errorf("the first call, two quick ones and one after a slow one were run by %q, want %q", runners, want)
		}
		r.stop()
	})
}

func TestAnswersToMessagesThatAreReadTogetherShareAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiving(t, nil)
		r.method.tally.remember(time.Microsecond)
		r.send(1, 2)
		r.send(3)
		r.send(4, 5, 6)
		go r.receive()
		synctest.Wait()
		if got, want := r.answers(), [][]uint64{{1, 2, 3, 4, 5, 6}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers = %v, want %v", got, want)
		}
		r.stop()
	})
}

func TestACallThatGetsStuckHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		var stuck atomic.Bool
		r := newReceiving(t, func(context.Context) {
			if stuck.CompareAndSwap(false, true) {
				<-block
			}
		})
		r.method.tally.remember(time.Microsecond)
		go r.receive()
		began := time.Now()
		r.send(1, 2, 3)
		r.send(4)
		n := 0
		for n < 3 && time.Since(began) < 3*lookoutPause {
			time.Sleep(time.Millisecond)
			for _, message := range r.answers() {
				n += len(message)
			}
		}
		if n != 3 {
			t.Errorf("%d of 3 calls behind one that is stuck were answered within %v, want all after two looks of the lookout", n, time.Since(began))
		}
		if running, waiting := r.pool.load(); running != 1 || waiting != 0 {
			t.Errorf("load = %d running, %d waiting; want the stuck one alone", running, waiting)
		}
		r.send(5)
		synctest.Wait()
		if got, want := r.answers(), [][]uint64{{5}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers while one call is stuck = %v, want %v", got, want)
		}

		close(block)
		synctest.Wait()
		if got, want := r.answers(), [][]uint64{{1}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers after that = %v, want %v", got, want)
		}
		if running, _ := r.pool.load(); running != 0 {
			t.Errorf("%d calls still run", running)
		}
		r.stop()
	})
}

func TestAnswersDoNotWaitForACallThatIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block, calls := make(chan struct{}), 0
		r := newReceiving(t, func(context.Context) {
			if calls++; calls == 3 {
				<-block
			}
		})
		r.method.tally.remember(time.Microsecond)
		go r.receive()
		r.send(1, 2, 3)
		time.Sleep(3 * lookoutPause)
		if got, want := r.answers(), [][]uint64{{1, 2}}; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("answers while the third call is stuck = %v, want %v", got, want)
		}
		close(block)
		r.stop()
	})
}

func TestAHandlerThatEndsTheReceiversGoroutineEndsOnlyItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		r := newReceiving(t, func(context.Context) {
			if calls.Add(1) == 2 {
				runtime.Goexit()
			}
		})
		r.method.tally.remember(time.Microsecond)
		go r.receive()
		r.send(1, 2, 3)
		r.send(4)
		synctest.Wait()
		var got []uint64
		for _, message := range r.answers() {
			got = append(got, message...)
		}
		if slices.Sort(got); !slices.Equal(got, []uint64{1, 2, 3, 4}) {
			t.Errorf("answered calls = %v, want all four", got)
		}
		if running, waiting := r.pool.load(); running != 0 || waiting != 0 {
			t.Errorf("load = %d running, %d waiting; want none", running, waiting)
		}
		r.stop()
	})
}

func TestWorkersHelpAReceiverThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var runners []string
		r := newReceiving(t, func(context.Context) {
			mu.Lock()
			defer mu.Unlock()
			runners = append(runners, who())
		})
		r.method.tally.remember(quick)
		seqs := make([]uint64, roundWork/quick)
		for i := range seqs {
			seqs[i] = uint64(i) + 1
		}
		r.send(seqs...)
		r.send(1001)
		r.send(1002)
		go r.receive()
		synctest.Wait()
		r.send(1003)
		synctest.Wait()
		if got, want := runners[len(seqs):], []string{"a worker", "a worker", "the receiver"}; !slices.Equal(got, want) {
			t.Errorf("two calls on top of what fills a round, and one after them, were run by %q, want %q", got, want)
		}
		r.stop()
	})
}

func TestQuickCallsHoldUpTheReceiverForAPartOfTheTimeAtMost(t *testing.T) {
	var h holdUps
	now := time.Now()
	if h.tooMany(now) {
		t.Error("too many before any")
	}
	// A burst is free.
	h.add(now, holdUpBurst)
	if h.tooMany(now) {
		t.Errorf("one of %v is too many at once", holdUpBurst)
	}
	h.add(now, time.Millisecond)
	if !h.tooMany(now) {
		t.Errorf("one of %v more isn't too many", time.Millisecond)
	}
	if later := now.Add(holdUpShare * time.Millisecond); h.tooMany(later) {
		t.Errorf("it still is after %v", later.Sub(now))
	}
	// What comes now and then within the share is never too many.
	for range 1000 {
		now = now.Add(holdUpShare * time.Millisecond)
		h.add(now, time.Millisecond)
		if h.tooMany(now.Add(holdUpShare * time.Millisecond)) {
			t.Fatalf("a hold-up of 1 ms every %d ms is too many", holdUpShare)
		}
	}
}

func TestASlowCallIsRememberedForAWhile(t *testing.T) {
	var latest tally
	if got := latest.slowest(); got != 0 {
		t.Errorf("slowest before any call = %v, want 0: nothing is known", got)
	}
	latest.remember(0)
	if got := latest.slowest(); got <= 0 || got > quick {
		t.Errorf("slowest after a call that took no time = %v, want it known and quick", got)
	}
	latest.remember(time.Millisecond)
	calls := 0
	for ; latest.slowest() > quick; calls++ {
		latest.remember(time.Microsecond)
	}
	if calls < 100 || calls > 1000 {
		t.Errorf("a call of 1 ms is forgotten after %d of 1 µs, want some hundreds", calls)
	}
}
