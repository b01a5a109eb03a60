package link

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// inFlight is the table of calls that wait for their answer, by sequence number. It is
// cut into shards, so that callers and the receivers seldom meet at a lock.
type inFlight struct {
	shards [shards]shard
	_      [64]byte // what follows is written by every call
	count  atomic.Int64
	_      [64]byte
}

const shards = 64

type shard struct {
	mu       sync.Mutex
	calls    Table[*Call] // guarded by mu
	earliest time.Time    // guarded by mu; no deadline is earlier; zero: no call since the last scan

	_ [64]byte // keeps neighbours out of the same cache line
}

func (t *inFlight) shard(seq uint64) *shard { return &t.shards[seq%shards] }

// enter gives a call a number, and enters it under that. It reports whether others are in flight.
//
// Neighbors in time get neighboring shards, as they are answered together: whoever takes them out
// then walks from one to the next, which processors foresee. So the number's last bits are no secret.
func (t *inFlight) enter(c *Call) (others bool) {
	count := t.count.Add(1)
	for {
		c.seq = unguessable()&^(shards-1) | uint64(count)&(shards-1)
		if t.add(c) {
			return count > 1
		}
	}
}

// add enters a call under its sequence number, unless another one in flight has that. Who
// enters it counts it.
func (t *inFlight) add(c *Call) bool {
	s := t.shard(c.seq)
	s.mu.Lock()
	added := s.calls.Put(c.seq, c)
	if added && (s.earliest.IsZero() || c.Deadline.Before(s.earliest)) {
		s.earliest = c.Deadline
	}
	s.mu.Unlock() // not deferred: each call comes here
	return added
}

// take removes a call, for the one who is to end it; nil if somebody else was faster.
func (t *inFlight) take(seq uint64) *Call {
	s := t.shard(seq)
	s.mu.Lock()
	c, ok := s.calls.Take(seq)
	s.mu.Unlock()
	if ok {
		c.unload()
		t.count.Add(-1)
	}
	return c
}

// takeAnswered is take for an answer that came by a link: a call that left by another one isn't
// meant. It notes in the call who answered it, as sender says. The call counts as in flight until ended
// is told of it.
func (t *inFlight) takeAnswered(by *carrier, seq uint64, sender func(service string) *Instance) *Call {
	s := t.shard(seq)
	s.mu.Lock()
	c, ok := s.calls.Take(seq)
	switch {
	case !ok:
	case c.by != by:
		s.calls.Put(seq, c)
		c, ok = nil, false
	default:
		c.Instance = sender(c.To.Endpoint.Service)
	}
	s.mu.Unlock()
	if ok {
		by.answered(seq)
		c.unload()
	}
	return c
}

// ended counts calls that takeAnswered returned as in flight no more.
func (t *inFlight) ended(calls int) { t.count.Add(-int64(calls)) }

// show shows a call to look, if it is there, and leaves it in the table. Nobody can take it
// out before look returns.
func (t *inFlight) show(seq uint64, look func(*Call)) {
	s := t.shard(seq)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.calls.Get(seq); ok {
		look(c)
	}
}

// takeIf removes all calls that match.
func (t *inFlight) takeIf(match func(*Call) bool) (taken []*Call) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		before := len(taken)
		for _, c := range s.calls.All() {
			if match(c) {
				taken = append(taken, c)
			}
		}
		s.removeLocked(taken[before:])
		s.mu.Unlock()
	}
	t.count.Add(-int64(len(taken)))
	return taken
}

// takeOf removes those calls of these numbers that match.
func (t *inFlight) takeOf(seqs []uint64, match func(*Call) bool) (taken []*Call) {
	for _, seq := range seqs {
		s := t.shard(seq)
		s.mu.Lock()
		if c, ok := s.calls.Get(seq); ok && match(c) {
			taken = append(taken, c)
			s.removeLocked(taken[len(taken)-1:])
		}
		s.mu.Unlock()
	}
	t.count.Add(-int64(len(taken)))
	return taken
}

// each shows all calls to look, and leaves them in the table.
func (t *inFlight) each(look func(*Call)) {
	t.takeIf(func(c *Call) bool {
		look(c)
		return false
	})
}

func (s *shard) removeLocked(calls []*Call) {
	for _, c := range calls {
		s.calls.Take(c.seq)
		c.unload()
	}
}

// takeDue removes the calls whose deadline has passed, and returns the earliest
// deadline of the others, zero if there are none.
func (t *inFlight) takeDue(now time.Time) (due []*Call, earliest time.Time) {
	for i := range t.shards {
		s := &t.shards[i]
		s.mu.Lock()
		if !s.earliest.IsZero() && !s.earliest.After(now) {
			s.earliest = time.Time{}
			before := len(due)
			for _, c := range s.calls.All() {
				switch {
				case !c.Deadline.After(now):
					due = append(due, c)
				case s.earliest.IsZero() || c.Deadline.Before(s.earliest):
					s.earliest = c.Deadline
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

// ErrTooLate is the error of a call whose time was over before it could leave.
var ErrTooLate = helium.ErrDeadline.WithMessage("the call's time was over before it was sent").WithOutcome(helium.NotExecuted)

// expire fails the calls whose deadline has passed. Those that have left it tells of before that;
// see Sweep.
func (t *inFlight) expire(now time.Time, overdue func(*Call)) (earliest time.Time) {
	due, earliest := t.takeDue(now)
	for _, c := range due {
		if c.withdraw() {
			c.Waiter.Fail(ErrTooLate)
		} else {
			overdue(c)
			c.Waiter.Fail(c.Late(helium.ErrDeadline.WithOutcome(helium.Unknown)))
		}
	}
	return earliest
}

// failAll fails calls that were taken out of the table.
func failAll(taken []*Call, e *helium.Error) {
	for _, c := range taken {
		c.Waiter.Fail(e)
	}
}
