package rpcserver

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/gather"
	"github.com/helium-rpc/helium/rpcserver/internal/heartbeat"
)

// manyCallers is how many are remembered. Those that come on top are forgotten as
// soon as they have no call in flight, so that making up inboxes costs little.
const manyCallers = 10_000

// caller is one who calls, by one link: its calls in flight, and the batcher in which their
// answers share messages. All plain requests and all calls that want no answer are those
// of one caller, nobody, which has no batcher.
type caller struct {
	callers   *callers
	key       string
	speaks    atomic.Bool    // its messages say who sends them, and so do those to it
	manner    manner         // how answers to it go, but for those that gather
	sign      uint64         // of heartbeats to it, which it alone sees
	ephemeral bool           // it is forgotten when it has no calls in flight
	link      link.Server    // by which its answers leave; nil for nobody
	prober    link.Prober    // the link, where it finds out itself whether the caller is there; or nil
	batcher   *batch.Batcher // nil for nobody
	service   string         // that it called first
	clock     uint64         // of its first message; 0: it said nothing
	out       link.Outgoing  // publish's own, kept from message to message

	mu       sync.Mutex
	address  string            // guarded by mu; where answers go, by its last message
	calls    link.Table[*Call] // guarded by mu; in flight
	owed     int               // guarded by mu; answers and frames of streams that haven't left yet
	running  int               // guarded by mu; of those, answers to calls that are in flight
	messages int               // guarded by mu; those of answers that have left
	numbered uint64            // guarded by mu; nobody's calls that were given a number
	room     sync.Cond         // told when answers have left, where somebody waits for that
	crowded  int               // guarded by mu; who waits: streams for room, and a server that stops for the last answers
	heeds    bool              // guarded by mu; it takes heartbeats
	absence  heartbeat.Absence // guarded by mu
	earliest time.Time         // guarded by mu; no call's deadline is earlier; zero: no call
	lastUsed time.Time         // guarded by mu
}

// callers are those from whom calls have come lately. Where both locks are needed, that of
// callers is taken first.
type callers struct {
	duplicates *atomic.Uint64 // calls dropped, as one of that number was in flight
	abandoned  *atomic.Uint64 // calls whose contexts ended, as their callers are gone
	opening    *opening

	mu    sync.Mutex
	byKey map[string]*caller // guarded by mu
}

func newCallers(opening *opening, duplicates, abandoned *atomic.Uint64) *callers {
	return &callers{opening: opening, duplicates: duplicates, abandoned: abandoned, byKey: make(map[string]*caller)}
}

// nobodysKey is that of the zero [link.Caller].
const nobodysKey = ""

// admit enters calls of a message under their caller. It returns the caller and those calls
// that it took: a sequence number that is in flight already isn't run again. Nobody's calls are numbered
// here, as they come by all links.
func (cs *callers) admit(by link.Server, from link.Caller, sent sender, service string, calls []*Call, now time.Time) (c *caller, taken []*Call) {
	cs.mu.Lock()
	c = cs.byKey[from.Key]
	if c == nil {
		c = cs.newCaller(by, from, service)
		cs.byKey[from.Key] = c
	}
	c.mu.Lock()
	cs.mu.Unlock()
	defer c.mu.Unlock()
	c.hearLocked(from, sent, now)
	taken = calls[:0]
	var gathered gatheredAnswer
	for _, call := range calls {
		if from.Key == nobodysKey {
			c.numbered++
			call.seq = c.numbered
		}
		if !c.calls.Put(call.seq, call) {
			cs.duplicates.Add(1)
			continue
		}
		call.owner = c
		switch {
		case call.answer != nil:
			if one, ok := call.answer.(owned); ok {
				one.belong(c)
			}
		case from.Once:
			if gathered.Gathering == nil {
				gathered = c.gather(from, service, now)
			}
			gathered.Expect(call.seq, call.ctx.deadline, now)
			call.answer = gathered
		default:
			call.answer = framedAnswer{c}
			c.owed++
			c.running++
		}
		if c.earliest.IsZero() || call.ctx.deadline.Before(c.earliest) {
			c.earliest = call.ctx.deadline
		}
		taken = append(taken, call)
	}
	return c, taken
}

// newCaller returns a caller of whom a link has brought the first message, to a service.
func (cs *callers) newCaller(by link.Server, from link.Caller, service string) *caller {
	c := &caller{callers: cs, key: from.Key, sign: rand.Uint64()}
	if from.Key == nobodysKey {
		return c
	}
	if from.Ephemeral {
		c.manner = apart
	}
	c.ephemeral = from.Ephemeral || len(cs.byKey) >= manyCallers
	c.link = by
	c.prober, _ = by.(link.Prober)
	c.service, c.clock = service, from.Clock
	c.out = link.Outgoing{To: link.Caller{Key: from.Key, Ephemeral: c.ephemeral, Clock: from.Clock}, Service: service}
	c.batcher = batch.New(by.MaxMessage, c.begin, c.publish)
	c.room.L = &c.mu
	return c
}

// hearLocked takes in what a message of the caller's says of it.
func (c *caller) hearLocked(from link.Caller, sent sender, now time.Time) {
	c.lastUsed = now
	if !from.Once { // else it takes one message only, which is none of the batcher's
		c.address = from.Address
	}
	if sent.speaks {
		if !c.speaks.Load() {
			c.speaks.Store(true)
		}
		// Others may call in its name, whose messages must not take back what its own say.
		c.heeds = c.heeds || sent.abilities.Has(wire.Heartbeats) && !from.Ephemeral && !from.Once && c.link != nil
	}
	c.absence.Calls()
}

// owned is an answerer that has to know whose call it answers before anybody finds the call there.
type owned interface {
	// belong says whose it is.
	belong(to *caller)
}

// gather returns what answers the calls of a message that is answered by one message.
func (c *caller) gather(from link.Caller, service string, now time.Time) gatheredAnswer {
	g := gatheredAnswer{gather.New(c.link, from, service, now, c.callers.opening.gathered, func(m *batch.Message) { c.open(m, once) })}
	g.Cut = func(seq uint64) bool { return c.cut(seq, g) }
	return g
}

// cut ends a call, if it is in flight, that its answerer has answered before it was done.
func (c *caller) cut(seq uint64, by answerer) bool {
	c.mu.Lock()
	call, _ := c.calls.Get(seq)
	if call == nil || call.answer != by {
		c.mu.Unlock()
		return false
	}
	c.calls.Take(seq)
	ctx, others := call.ctx, c.calls.Len() > 0
	c.mu.Unlock()
	ctx.end(canceled)
	if c.ephemeral && !others {
		c.callers.forget(c)
	}
	return true
}

// begin begins a message of answers.
func (c *caller) begin(m *batch.Message) { c.open(m, c.manner) }

// open begins a message of answers that go so.
func (c *caller) open(m *batch.Message, how manner) {
	if c.speaks.Load() {
		c.callers.opening.begin(m, how)
	} else {
		m.Data = wire.AppendMessageHeader(m.Data)
	}
}

// openingSize returns how many bytes a message of answers begins with, at most.
func (c *caller) openingSize() int {
	if c.speaks.Load() {
		return c.callers.opening.size()
	}
	return wire.HeaderSize
}

// publish sends a message of answers. The batcher calls it for one message at a time, but for those
// that leave past its queue.
func (c *caller) publish(m *batch.Message) {
	out := &c.out
	if m.Whole {
		out = &link.Outgoing{To: link.Caller{Key: c.key, Ephemeral: c.ephemeral, Clock: c.clock}, Service: c.service}
	}
	out.Message = m
	c.mu.Lock()
	c.owed -= m.Frames
	if c.crowded > 0 {
		c.room.Broadcast()
	}
	c.messages++
	out.To.Address, out.Nth, out.Last = c.address, c.messages, c.owed == 0
	if c.ephemeral {
		out.Since = c.lastUsed
	}
	c.mu.Unlock()
	c.link.Answer(out)
	out.Message = nil
}

// take implements [owner].
func (c *caller) take(call *Call) (others, ok bool) {
	c.mu.Lock()
	if inFlight, _ := c.calls.Get(call.seq); inFlight != call {
		c.mu.Unlock()
		return false, false
	}
	c.calls.Take(call.seq)
	switch call.answer.(type) {
	case framedAnswer:
		c.running--
	case owned: // a stream, whose answer is about to leave
		if c.batcher != nil {
			c.owed++
		}
	}
	others = c.calls.Len() > 0
	c.mu.Unlock()
	if c.ephemeral && !others {
		c.callers.forget(c)
	}
	return others, true
}

// forget removes a caller unless it has calls in flight again.
func (cs *callers) forget(c *caller) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls.Len() == 0 && cs.byKey[c.key] == c {
		delete(cs.byKey, c.key)
	}
}

// knows reports whether somebody of that key has called lately.
func (cs *callers) knows(key string) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.byKey[key] != nil
}

// cancel ends the context of a call, if the caller has such a call in flight, and reports
// whether it has.
func (cs *callers) cancel(key string, seq uint64, why ending) bool {
	cs.mu.Lock()
	c := cs.byKey[key]
	cs.mu.Unlock()
	if c == nil {
		return false
	}
	c.mu.Lock()
	call, _ := c.calls.Get(seq)
	if call == nil {
		c.mu.Unlock()
		return false
	}
	ctx, answer := call.ctx, call.answer // which the call has until it is out of the table
	c.mu.Unlock()
	ctx.end(why)
	if q, ok := answer.(quitter); ok {
		q.gaveUp(seq)
	}
	return true
}

// settle waits until the answers of all callers have left for their links, or ctx ends.
func (cs *callers) settle(ctx context.Context) {
	cs.mu.Lock()
	all := slices.Collect(maps.Values(cs.byKey))
	cs.mu.Unlock()
	for _, c := range all {
		if c.batcher != nil {
			c.settle(ctx)
		}
	}
}

// settle waits until the answers to all calls that are over have left, or ctx ends: also those that others
// are about to send, as the last answers of streams are while their links wait for room.
func (c *caller) settle(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.room.Broadcast()
	})
	c.mu.Lock()
	for c.owed > c.running && ctx.Err() == nil {
		c.crowded++
		c.room.Wait()
		c.crowded--
	}
	c.mu.Unlock()
	stop()
	c.batcher.Settle(ctx)
}

// each calls f for every call in flight.
func (cs *callers) each(f func(*Call)) {
	cs.mu.Lock()
	var calls []*Call
	for _, c := range cs.byKey {
		c.mu.Lock()
		for _, call := range c.calls.All() {
			calls = append(calls, call)
		}
		c.mu.Unlock()
	}
	cs.mu.Unlock()
	for _, call := range calls {
		f(call)
	}
}

// framedAnswer is the answerer of calls that came in frames: a frame that shares messages with
// those of the caller's other calls.
type framedAnswer struct{ *caller }

func (framedAnswer) awaited() bool { return true }

func (a framedAnswer) limit() int { return a.link.MaxMessage() }

func (a framedAnswer) pack(call *Call) (size int, err *helium.Error) {
	return packFrame(call, a.openingSize()), nil
}

func (a framedAnswer) send(call *Call, err *helium.Error, took time.Duration, packed []byte, others bool) {
	var f wire.Frame
	if ready := a.callers.opening.overloaded.body(err); ready != nil {
		f = wire.Frame{Kind: wire.KindError, Seq: call.seq, Metadata: packed, Body: ready}
	} else {
		fillAnswer(&f, call, err, took, packed)
	}
	if err == nil && batch.GoesWhole(&f, true) { // others may wait in the queue already
		a.batcher.AddWhole(&f, batch.Call{}, func(opening []byte) ([]byte, int) { return wire.Whole(opening, &f, &call.Result) })
		return
	}
	a.batcher.Add(&f, batch.Call{}, others)
}
