// Package inline is what it takes to run quick calls on the goroutine that receives them, though nobody
// can be sure that they are quick: it knows nothing of calls but that they have an order.
//
//   - calls.go: those of a run, which others take over when one of them gets stuck
//   - watchdog.go: finds out that one is stuck
//   - budget.go: for how long such calls may hold up the receiver
package inline

import (
	"math"
	"sync"
	"sync/atomic"
)

// Calls are those that a receiver runs itself, one after the other. Should it get
// stuck in one, somebody else may take over: then those that wait are theirs, and the goroutine
// that is stuck receives no more.
type Calls[C any] struct {
	calls []*C         // those of a run; while it lasts nobody writes them
	next  atomic.Int64 // of a run: calls[next:] wait. Who adds to it takes one, who swaps it the others

	mu      sync.Mutex
	running bool // guarded by mu
	lost    bool // guarded by mu; somebody has taken over
}

// Len returns how many calls there are.
func (q *Calls[C]) Len() int { return len(q.calls) }

// Add adds calls, between two runs.
func (q *Calls[C]) Add(calls []*C) { q.calls = append(q.calls, calls...) }

// Begin begins a run of the first n calls, and returns the others.
func (q *Calls[C]) Begin(n int) (others []*C) {
	q.mu.Lock()
	defer q.mu.Unlock()
	others = q.calls[n:]
	q.calls = q.calls[:n]
	q.next.Store(0)
	q.running = n > 0
	return others
}

// Take returns the next call to run, nil if there is none.
func (q *Calls[C]) Take() *C {
	if n := q.next.Add(1) - 1; n < int64(len(q.calls)) {
		return q.calls[n]
	}
	return nil
}

// End ends the run, and reports whether nobody has taken over.
func (q *Calls[C]) End() bool {
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

// TakeOver returns the calls that wait behind the one that runs; false if none runs, or somebody
// else was faster.
func (q *Calls[C]) TakeOver() (waiting []*C, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lost || !q.running {
		return nil, false
	}
	q.lost = true
	n := q.next.Swap(math.MaxInt32) // beyond any number of calls
	return q.calls[min(n, int64(len(q.calls))):], true
}
