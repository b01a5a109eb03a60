package rpcclient

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// inflight is the table of calls that wait for their answer, by sequence number. It is
// cut into shards, so that callers and the receiver seldom meet at a lock.
type inflight struct {
	shards [64]shard
	_      [64]byte // what follows is written by every call
	count  atomic.Int64
	_      [64]byte
}

type shard struct {
	mu       sync.Mutex
	calls    map[uint64]*Invocation // guarded by mu; by their sequence numbers
	earliest time.Time              // guarded by mu; no deadline is earlier; zero: no call since the last scan

	_ [64]byte // keeps neighbours out of the same cache line
}

func (t *inflight) shard(seq uint64) *shard { return &t.shards[seq%uint64(len(t.shards))] }

// add enters a call under its sequence number and returns how many are in flight.
func (t *inflight) add(call *Invocation) int64 {
	s := t.shard(call.seq)
	s.mu.Lock()
	if s.calls == nil {
		s.calls = make(map[uint64]*Invocation)
	}
	s.calls[call.seq] = call
	if s.earliest.IsZero() || call.deadline.Before(s.earliest) {
		s.earliest = call.deadline
	}
	s.mu.Unlock()
	return t.count.Add(1)
}

// take removes a call, for the one who is to end it; nil if somebody else was faster.
func (t *inflight) take(seq uint64) *Invocation {
	s := t.shard(seq)
	s.mu.Lock()
	call, ok := s.calls[seq]
	delete(s.calls, seq)
	s.mu.Unlock()
	if ok {
		t.count.Add(-1)
	}
	return call
}

// takeIf removes all calls that match.
func (t *inflight) takeIf(match func(*Invocation) bool) (taken []*Invocation) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		before := len(taken)
		for _, call := range s.calls {
			if match(call) {
				taken = append(taken, call)
			}
		}
		s.removeLocked(taken[before:])
		s.mu.Unlock()
	}
	t.count.Add(-int64(len(taken)))
	return taken
}

func (s *shard) removeLocked(calls []*Invocation) {
	for _, call := range calls {
		delete(s.calls, call.seq)
	}
}

// takeDue removes the calls whose deadline has passed, and returns the earliest
// deadline of the others, zero if there are none.
func (t *inflight) takeDue(now time.Time) (due []*Invocation, earliest time.Time) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		if !s.earliest.IsZero() && !s.earliest.After(now) {
			s.earliest = time.Time{}
			before := len(due)
			for _, call := range s.calls {
				switch {
				case !call.deadline.After(now):
					due = append(due, call)
				case s.earliest.IsZero() || call.deadline.Before(s.earliest):
					s.earliest = call.deadline
				}
			}
			s.removeLocked(due[before:])
		}
		if !s.earliest.IsZero() && (earliest.IsZero() || s.earliest.Before(earliest)) {
			earliest = s.earliest
		}
		s.mu.Unlock()
	}
	t.count.Add(-int64(len(due)))
	return due, earliest
}

// expire fails the calls whose deadline has passed; see link.Sweep.
func (c *core) expire(now time.Time) (earliest time.Time) {
	due, earliest := c.inflight.takeDue(now)
	for _, call := range due {
		call.finish(nil, call.late(helium.ErrDeadline.WithOutcome(helium.Unknown)))
	}
	return earliest
}

// failAll fails every call in flight.
func (c *core) failAll(e *helium.Error) {
	for _, call := range c.inflight.takeIf(func(*Invocation) bool { return true }) {
		call.finish(nil, e)
	}
}

// failMessage fails the calls that left, or should have left, in one message.
func (c *core) failMessage(id uint64, e *helium.Error) {
	if id == 0 {
		return
	}
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.message.Load() == id }) {
		call.finish(nil, e)
	}
}
