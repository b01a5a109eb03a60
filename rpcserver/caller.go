package rpcserver

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
)

const (
	// idleCaller is how long a caller without calls in flight is remembered.
	idleCaller = 5 * time.Second
	// manyCallers is how many are remembered. Those that come on top are forgotten as
	// soon as they have no call in flight, so that making up inboxes costs little.
	manyCallers = 10_000
)

// caller is one inbox that calls come from: its calls in flight, and the outbox that
// its replies share. All plain requests and all calls that want no answer are those
// of one caller, nobody, which has no outbox.
type caller struct {
	server *Server
	key    string
	brief  bool           // forget it when it has no calls in flight
	outbox *batch.Batcher // nil for nobody
	export string         // the service whose export its message came through; "" for none

	mu       sync.Mutex
	reply    string           // guarded by mu; the subject that answers go to
	calls    map[uint64]*Call // guarded by mu; in flight, by their sequence numbers
	owed     int              // guarded by mu; replies that haven't left yet
	messages int              // guarded by mu; those of replies that have left
	earliest time.Time        // guarded by mu; no call's deadline is earlier; zero: no call
	lastUsed time.Time        // guarded by mu
}

// callers are the inboxes that calls have come from lately. Where both locks are needed,
// that of callers is taken first.
type callers struct {
	server *Server

	mu    sync.Mutex
	byKey map[string]*caller // guarded by mu
}

// nobody is the key of the caller whose calls have no place in an outbox.
const nobody = ""

// sharedInbox marks a reply subject whose last token is one of many of the same inbox:
// the answer to any may go to any other, so answers can share messages.
const sharedInbox = '+'

// callerKey returns what the reply subjects of one caller have in common.
func callerKey(reply string) (key string, shared bool) {
	if dot := strings.LastIndexByte(reply, '.'); dot >= 0 && dot+1 < len(reply) && reply[dot+1] == sharedInbox {
		return reply[:dot+2], true
	}
	return reply, false
}

// admit enters a message's calls under their caller. It returns those that it took:
// a sequence number that is in flight already isn't run again.
func (cs *callers) admit(reply string, calls []*Call, now time.Time) (taken []*Call) {
	key, shared := callerKey(reply)
	cs.mu.Lock()
	c := cs.byKey[key]
	met := c != nil || key == nobody
	if c == nil {
		c = &caller{server: cs.server, key: key, calls: make(map[uint64]*Call)}
		if isExported(key) {
			c.export = serviceOfCalls(calls)
		}
		// A reply subject for one message only will never be used again.
		c.brief = !shared && key != nobody || len(cs.byKey) >= manyCallers
		if key != nobody {
			c.outbox = batch.New(cs.server.maxPayload(), c.publish)
		}
		cs.byKey[key] = c
	}
	c.mu.Lock()
	cs.mu.Unlock()
	if !met {
		defer cs.server.refusals.meet(reply) // without the caller's lock
	}
	defer c.mu.Unlock()

	c.reply, c.lastUsed = reply, now
	taken = calls[:0]
	for _, call := range calls {
		if c.calls[call.seq] != nil {
			cs.server.counters.duplicates.Add(1)
			continue
		}
		c.calls[call.seq] = call
		call.caller = c
		if c.earliest.IsZero() || call.ctx.deadline.Before(c.earliest) {
			c.earliest = call.ctx.deadline
		}
		taken = append(taken, call)
	}
	c.owed += len(taken)
	return taken
}

// serviceOfCalls returns the service that the calls of a message are for; "" if no call
// has a method.
func serviceOfCalls(calls []*Call) string {
	for _, call := range calls {
		if call.method != nil {
			return call.method.service
		}
	}
	return ""
}

// knows reports whether a reply subject is that of a caller who has called lately.
func (cs *callers) knows(reply string) bool {
	key, _ := callerKey(reply)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byKey[key] != nil
}

// cancel ends the context of a call, if the caller has such a call in flight, and reports
// whether it has.
func (cs *callers) cancel(reply string, seq uint64, cause error) bool {
	key, _ := callerKey(reply)
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	call := c.calls[seq]
	if call != nil {
		call.ctx.end(cause)
	}
	return call != nil
}

// take removes a call from those in flight, for the one who is to answer it; ok is
// false if somebody else was faster. company says whether the caller has others.
func (c *caller) take(call *Call) (company, ok bool) {
	c.mu.Lock()
	if c.calls[call.seq] != call {
		c.mu.Unlock()
		return false, false
	}
	delete(c.calls, call.seq)
	company = len(c.calls) > 0
	c.mu.Unlock()
	if c.brief && !company {
		c.server.callers.forget(c)
	}
	return company, true
}

// forget removes a caller unless it has calls in flight again.
func (cs *callers) forget(c *caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) == 0 && cs.byKey[c.key] == c {
		delete(cs.byKey, c.key)
	}
}

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
		case len(c.calls) > 0:
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
	for _, call := range c.calls {
		if deadline := call.ctx.deadline; deadline.After(now) {
			next = earlier(next, deadline)
		} else {
			call.ctx.end(context.DeadlineExceeded)
		}
	}
	c.earliest = next
	return next
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// each calls f for every call in flight.
func (cs *callers) each(f func(*Call)) {
	cs.mu.Lock()
	var calls []*Call
	for _, c := range cs.byKey {
		c.mu.Lock()
		for _, call := range c.calls {
			calls = append(calls, call)
		}
		c.mu.Unlock()
	}
	cs.mu.Unlock()
	for _, call := range calls {
		f(call)
	}
}
