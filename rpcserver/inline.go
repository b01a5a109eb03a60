package rpcserver

import "sync"

// inlineCalls are the calls that a receiver runs itself, one after the other. Should it get
// stuck in one, somebody else may take over: then those that wait are theirs, and the goroutine
// that is stuck receives no more.
type inlineCalls struct {
	mu      sync.Mutex
	calls   []*Call // guarded by mu while they run; calls[next:] wait
	next    int     // guarded by mu
	running bool    // guarded by mu
	lost    bool    // guarded by mu; somebody has taken over
}

// add adds calls, between two runs.
func (q *inlineCalls) add(calls []*Call) { q.calls = append(q.calls, calls...) }

// begin begins a run of the first n calls, and returns the others.
func (q *inlineCalls) begin(n int) (others []*Call) {
	q.mu.Lock()
	defer q.mu.Unlock()
	others = q.calls[n:]
	q.calls, q.next = q.calls[:n], 0
	q.running = n > 0
	return others
}

// take returns the next call to run, nil if there is none.
func (q *inlineCalls) take() *Call {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == len(q.calls) {
		q.calls, q.next = q.calls[:0], 0
		return nil
	}
	call := q.calls[q.next]
	q.calls[q.next] = nil
	q.next++
	return call
}

// end ends the run, and reports whether nobody has taken over.
func (q *inlineCalls) end() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running = false
	return !q.lost
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
	waiting = q.calls[q.next:]
	q.calls, q.next = nil, 0
	return waiting, true
}
