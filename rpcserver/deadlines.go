package rpcserver

import "time"

// idleCaller is how long a caller without calls in flight is remembered.
const idleCaller = 5 * time.Second

// expire ends the contexts of calls whose deadline has passed, forgets callers that
// have long had none in flight, and returns when to look again: soon enough for
// callers whose calls end before their deadlines.
func (cs *callers) expire(now time.Time) (earliest time.Time) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for key, c := range cs.byKey {
		c.mu.Lock()
		next := now.Add(idleCaller)
		switch {
		case c.calls.Len() > 0:
			next = c.expireLocked(now, next)
		case now.Sub(c.lastUsed) >= idleCaller:
			delete(cs.byKey, key)
			next = time.Time{}
		default:
			next = c.lastUsed.Add(idleCaller)
		}
		c.mu.Unlock()
		if !next.IsZero() && (earliest.IsZero() || next.Before(earliest)) {
			earliest = next
		}
	}
	return earliest
}

// expireLocked ends what is due and returns the caller's next deadline, or latest if
// that is earlier. Calls that are overdue but still run are looked at again then.
func (c *caller) expireLocked(now, latest time.Time) time.Time {
	if c.earliest.After(now) {
		return earlier(c.earliest, latest)
	}
	next := latest
	for _, call := range c.calls.All() {
		if deadline := call.ctx.deadline; deadline.After(now) {
			next = earlier(next, deadline)
		} else {
			call.ctx.end(exceeded)
		}
	}
	c.earliest = next
	return next
}

// nextLook returns when expire has to look because of new calls: at the latest when a caller
// is to be forgotten, even if all its calls have years to run.
func nextLook(calls []*Call, now time.Time) time.Time {
	next := now.Add(idleCaller)
	for _, call := range calls {
		next = earlier(next, call.ctx.deadline)
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
