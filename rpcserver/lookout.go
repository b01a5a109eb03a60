package rpcserver

import "time"

const (
	// lookoutPause is how often the lookout looks: a receiver is stuck if it has been in
	// the same run of calls for that long.
	lookoutPause = 5 * time.Millisecond
	// Calls that turn out not to be quick may hold up the receiver for one part in
	// holdUpShare of the time, and for holdUpBurst at once.
	holdUpShare = 20
	holdUpBurst = 10 * time.Millisecond
)

// look looks whether the receiver is stuck in a call, as long as it runs some.
func (r *round) look() {
	r.mu.Lock()
	news := r.runs != r.seen
	r.seen = r.runs
	r.watching = news && !r.lost
	if r.watching {
		r.lookout.Reset(lookoutPause)
	}
	stuck := r.running && !news
	r.mu.Unlock()
	if stuck {
		r.handOver()
	}
}

// handOver makes another goroutine the receiver, if this round's is in the middle of a
// call. The calls behind that one go to the workers, and the answers to those before it
// leave.
func (r *round) handOver() {
	r.mu.Lock()
	if r.lost || !r.running {
		r.mu.Unlock()
		return
	}
	r.lost = true
	waiting := r.calls[r.next:]
	r.calls, r.next = nil, 0
	r.mu.Unlock()

	s := r.server
	s.holdUps.add(time.Now(), lookoutPause)
	go s.receive()
	s.queue(waiting)
	for _, o := range r.outboxes {
		o.Uncork()
	}
}

// holdUps is for how long calls that were taken for quick have held up the receiver. It
// belongs to the receiver.
type holdUps struct{ paidBy time.Time }

// add takes in one that is just over.
func (h *holdUps) add(now time.Time, took time.Duration) {
	if earliest := now.Add(-holdUpShare * holdUpBurst); h.paidBy.Before(earliest) {
		h.paidBy = earliest
	}
	h.paidBy = h.paidBy.Add(holdUpShare * took)
}

// tooMany reports whether there were so many that the receiver should rather leave all
// calls to the workers.
func (h *holdUps) tooMany(now time.Time) bool { return h.paidBy.After(now) }
