package rpcserver

import (
	"math"
	"sync"
	"sync/atomic"
)

// inlineCalls are the calls that a receiver runs itself, one after the other. Should it get
// stuck in one, somebody else may take over: then those that wait are theirs, and the goroutine
// that is stuck receives no more.
type inlineCalls struct {
	calls []*Call      // those of a run; while it lasts nobody writes them
	next  atomic.Int64 // of a run: calls[next:] wait. Who adds to it takes one, who swaps it the others

	mu      sync.Mutex
	running bool // guarded by mu
	lost    bool // guarded by mu; somebody has taken over
}

// add adds calls, between two runs.
func (q *inlineCalls) add(calls []*Call) { q.calls = append(q.calls, calls...) }

// begin begins a run of the first n calls, and returns the others.
func (q *inlineCalls) begin(n int) (others []*Call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	others = q.calls[n:]
	q.calls = q.calls[:n]
	q.next.Store(0)
	q.running = n > 0
	return others
}

// take returns the next call to run, nil if there is none.
func (q *inlineCalls) take() *Call {
	if n := q.next.Add(1) - 1; n < int64(len(q.calls)) {
		return q.calls[n]
	}
	return nil
}

// end ends the run, and reports whether nobody has taken over.
func (q *inlineCalls) end() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = false
	if q.lost {
		return false
	}
	clear(q.calls)
	q.calls = q.calls[:0]
	return true
}

// takeOver returns the calls that wait behind the one that runs; false if none runs, or somebody
// else was faster.
func (q *inlineCalls) takeOver() (waiting []*Call, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lost || !q.running {
		return nil, false
	}
	q.lost = true
	n := q.next.Swap(math.MaxInt32) // beyond any number of calls
	return q.calls[min(n, int64(len(q.calls))):], true
}
