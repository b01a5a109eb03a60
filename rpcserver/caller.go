package rpcserver

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// idleCaller is how long a caller without calls in flight is remembered.
const idleCaller = 5 * time.Second

// caller is one inbox that calls come from: its calls in flight, and the outbox that
// its replies share. All plain requests and all calls that want no answer are those
// of one caller, nobody, which has no outbox.
type caller struct {
	server *Server
	key    string
	outbox *wire.Outbox // nil for nobody

	mu       sync.Mutex
	reply    string           // guarded by mu; the subject that answers go to
	calls    map[uint64]*Call // guarded by mu; in flight, by sequence number
	earliest time.Time        // guarded by mu; no call's deadline is earlier; zero: no call
	lastUsed time.Time        // guarded by mu
}

// callers are the inboxes that calls have come from lately.
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
		return reply[:dot], true
	}
	return reply, false
}

// admit enters a message's calls under their caller. It returns those that it took:
// a sequence number that is in flight already isn't run again.
func (cs *callers) admit(reply string, calls []*Call, now time.Time) (taken []*Call) {
	key, _ := callerKey(reply)
	cs.mu.Lock()
	c := cs.byKey[key]
	if c == nil {
		c = &caller{server: cs.server, key: key, calls: make(map[uint64]*Call)}
		if key != nobody {
			c.outbox = wire.NewOutbox(cs.server.maxPayload(), c.publish)
		}
		cs.byKey[key] = c
	}
	c.mu.Lock()
	cs.mu.Unlock()
	defer c.mu.Unlock()

	c.reply, c.lastUsed = reply, now
	taken = calls[:0]
	for _, call := range calls {
		if _, double := c.calls[call.seq]; double {
			cs.server.counters.duplicates.Add(1)
			continue
		}
		call.caller = c
		c.calls[call.seq] = call
		if c.earliest.IsZero() || call.ctx.deadline.Before(c.earliest) {
			c.earliest = call.ctx.deadline
		}
		taken = append(taken, call)
	}
	return taken
}

// cancel ends the context of a call, if the caller has such a call in flight.
func (cs *callers) cancel(reply string, seq uint64, cause error) {
	key, _ := callerKey(reply)
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	call := c.calls[seq]
	c.mu.Unlock()
	if call != nil {
		call.ctx.end(cause)
	}
}

// expire ends the contexts of calls whose deadline has passed, forgets callers that
// have long had none in flight, and returns when to look again.
func (cs *callers) expire(now time.Time) (earliest time.Time) {
	soonest := func(t time.Time) {
		if earliest.IsZero() || t.Before(earliest) {
			earliest = t
		}
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for key, c := range cs.byKey {
		c.mu.Lock()
		switch {
		case len(c.calls) == 0 && now.Sub(c.lastUsed) >= idleCaller:
			delete(cs.byKey, key)
		case len(c.calls) == 0:
			soonest(c.lastUsed.Add(idleCaller))
		default:
			soonest(c.expireLocked(now))
		}
		c.mu.Unlock()
	}
	return earliest
}

// expireLocked ends what is due and returns the caller's next deadline, or a time when
// calls that are overdue but still run are looked at again.
func (c *caller) expireLocked(now time.Time) time.Time {
	if c.earliest.After(now) {
		return c.earliest
	}
	next := now.Add(idleCaller)
	for _, call := range c.calls {
		if deadline := call.ctx.deadline; deadline.After(now) {
			if deadline.Before(next) {
				next = deadline
			}
			continue
		}
		call.ctx.end(context.DeadlineExceeded)
	}
	c.earliest = next
	return next
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

// answer sends the result that the call holds, or the error if it isn't nil, unless the
// call has been answered already. micros is the handler's time in microseconds.
func (c *caller) answer(call *Call, err *helium.Error, micros uint64) {
	c.mu.Lock()
	if c.calls[call.seq] != call {
		c.mu.Unlock()
		return
	}
	delete(c.calls, call.seq)
	company := len(c.calls) > 0
	gone := !company && c.outbox != nil && len(c.key) == len(c.reply)
	c.mu.Unlock()
	if gone {
		// A reply subject for one message only would never be used again.
		c.server.callers.forget(c)
	}
	if call.plain != nil {
		c.server.answerPlain(call, err)
	}
	if c.outbox == nil {
		return
	}

	f := wire.Frame{Kind: wire.KindReply, Seq: call.seq, Time: micros}
	if call.ReplyMetadata != nil {
		f.Metadata = wire.AppendStringMap(nil, call.ReplyMetadata)
	}
	if err != nil {
		f.Kind, f.Body = wire.KindError, wire.AppendError(nil, err)
	} else {
		f.Body = call.Result.Bytes()
	}
	c.outbox.Add(&f, "", 0, company, nil)
}

func (cs *callers) forget(c *caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.calls) == 0 && cs.byKey[c.key] == c {
		delete(cs.byKey, c.key)
	}
}

// publish sends a message of replies.
func (c *caller) publish(m *wire.Message) {
	c.mu.Lock()
	reply := c.reply
	c.mu.Unlock()
	c.server.counters.sent(m.Frames)
	if err := c.server.nc.Publish(reply, m.Data); err != nil {
		c.server.counters.lostReplies.Add(uint64(m.Frames))
	}
}
