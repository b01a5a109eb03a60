package rpcserver

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
)

// round is what the receiver does from one wait for messages to the next:
//
//	read a message ─▶ run its calls, if they are quick ─▶ nothing more came? send the answers
//	     ▲                                                    │
//	     └────────────────── more came meanwhile ◀────────────┘
//
// To run a call of a microsecond costs less than to hand it to a worker, and answers that
// are sent together share messages. Should a call take its time against all expectation,
// the lookout sees that the receiver is stuck in it and makes another goroutine the
// receiver; and if that happens often, the workers run all calls.
type round struct {
	server   *Server
	messages int              // read since the round began
	taken    int              // the calls among them that the receiver runs itself
	work     time.Duration    // that those take, at worst
	behind   bool             // messages come faster than the receiver alone can run their calls
	outboxes []*batch.Batcher // held until the round ends

	mu       sync.Mutex
	calls    []*Call     // guarded by mu while they run; calls[next:] wait
	next     int         // guarded by mu
	running  bool        // guarded by mu; calls are being run
	lost     bool        // guarded by mu; another goroutine is the receiver
	runs     uint64      // guarded by mu; how often running was set
	seen     uint64      // guarded by mu; runs when the lookout looked last
	lookout  *time.Timer // guarded by mu; nil until needed
	watching bool        // guarded by mu; the lookout's timer is set
}

const (
	// quick is how long the slowest of a method's latest calls may have taken for the
	// receiver to run the next ones itself.
	quick = 10 * time.Microsecond
	// roundWork is what the calls of a round may take together, at worst. What comes on
	// top goes to the workers, and so to other processors.
	roundWork = time.Millisecond
	// roundMessages bounds what is read before calls are run and answers are sent.
	roundMessages = 64
	// runCost is what a call takes besides its handler.
	runCost = time.Microsecond
)

// take keeps admitted calls of one caller for the receiver, if they are all quick.
func (r *round) take(calls []*Call, now time.Time) bool {
	if r.behind || r.server.holdUps.tooMany(now) {
		return false
	}
	work := r.work
	for _, call := range calls {
		if call.refusal != nil {
			return false
		}
		slowest := call.method.tally.slowest()
		if slowest == 0 || slowest > quick {
			return false
		}
		work += slowest + runCost
	}
	r.work = work
	r.taken += len(calls)
	r.calls = append(r.calls, calls...)
	o := calls[0].caller.outbox
	if o != nil && !slices.Contains(r.outboxes, o) && o.Cork() {
		r.outboxes = append(r.outboxes, o)
	}
	return true
}

// run runs the calls that were taken. It returns false if another goroutine has become
// the receiver meanwhile.
func (r *round) run() bool {
	if len(r.calls) == 0 {
		return true
	}
	s := r.server
	room := s.pool.enter(len(r.calls))
	s.queue(r.calls[room:])
	if room == 0 {
		r.calls = r.calls[:0]
		return true
	}
	defer s.pool.leave()
	r.begin(room)
	var heldUp time.Duration
	for call := r.nextCall(); call != nil; call = r.nextCall() {
		if took := s.run(call); took > quick {
			heldUp += took
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = false
	if r.lost {
		return false
	}
	if heldUp > 0 {
		s.holdUps.add(time.Now(), heldUp)
	}
	return true
}

// begin begins to run the first n calls.
func (r *round) begin(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.next = r.calls[:n], 0
	r.running = true
	r.runs++
	if r.watching {
		return
	}
	r.watching = true
	if r.lookout == nil {
		r.lookout = time.AfterFunc(lookoutPause, r.look)
	} else {
		r.lookout.Reset(lookoutPause)
	}
}

// nextCall returns the next call to run, nil if there is none.
func (r *round) nextCall() *Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next == len(r.calls) {
		r.calls, r.next = r.calls[:0], 0
		return nil
	}
	call := r.calls[r.next]
	r.calls[r.next] = nil
	r.next++
	return call
}

// moreCame reports whether the round goes on. Where callers are many, more of their calls
// may be about to come.
func (r *round) moreCame() bool {
	if r.work >= roundWork || r.messages >= roundMessages {
		return false
	}
	if r.taken > 1 && len(r.server.inbound) == 0 {
		runtime.Gosched()
	}
	return r.taken > 0 && len(r.server.inbound) > 0
}

// end sends the answers.
func (r *round) end() {
	for _, o := range r.outboxes {
		o.Uncork()
	}
	clear(r.outboxes)
	r.behind = r.work >= roundWork || r.behind && len(r.server.inbound) > 0
	r.outboxes = r.outboxes[:0]
	r.messages, r.taken, r.work = 0, 0, 0
}
