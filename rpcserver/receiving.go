package rpcserver

import (
	"errors"
	"runtime"
	"slices"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/answers"
	"github.com/helium-rpc/helium/rpcserver/internal/inline"
)

// One goroutine at a time receives what comes by a link, in the order of arrival, so a cancel
// can't overtake its call. It runs those calls itself that are as quick as handing them to a
// worker:
//
//	receive a message ─▶ run its calls, if they are quick ─▶ nothing more came? send the answers
//	     ▲                                                       │
//	     └──────────────────── more came meanwhile ◀─────────────┘
//
// To run a call of a microsecond costs less than to hand it to a worker, and answers that
// are sent together share messages. Should a call take its time against all expectation,
// the watchdog sees that the goroutine is stuck in it and lets another one receive; and if that
// happens often, the workers run all calls.

const (
	// quick is how long the slowest of a method's latest calls may have taken for the
	// receiver to run the next ones itself.
	quick = 10 * time.Microsecond
	// inlineWork is what the calls may take together, at worst, that the receiver runs before
	// it sends answers. What comes on top goes to the workers, and so to other processors.
	inlineWork = time.Millisecond
	// inlineMessages bounds what is received before answers are sent.
	inlineMessages = 64
	// runCost is what a call takes besides its handler.
	runCost = time.Microsecond
)

// receiving is what one goroutine does for the receiver, until the link is closed or another
// one has taken over.
type receiving struct {
	*receiver
	inline   inline.Calls[Call]
	watchdog inline.Watchdog

	// Of what was received since answers were sent last:
	messages int
	calls    int              // that ran inline
	work     time.Duration    // that those take, at worst
	corked   []*batch.Batcher // in which answers wait

	behind bool // messages come faster than inline calls alone can be run
}

// receive handles messages until the link is closed, or another goroutine has taken over.
func (r *receiver) receive() {
	g := &receiving{receiver: r}
	g.watchdog.Stuck = g.handOver
	returned := false
	defer func() {
		if !returned {
			g.handOver() // a handler has ended this goroutine
		}
	}()
	for in, ok := r.link.Receive(); ok; in, ok = r.link.Receive() {
		g.messages++
		g.handle(&in)
		if !g.runInline() {
			returned = true
			return
		}
		if !g.moreCame() {
			g.sendAnswers()
		}
	}
	g.sendAnswers()
	returned = true
	close(r.done)
}

func (g *receiving) handle(in *link.Incoming) {
	switch {
	case in.Reached != nil:
		in.Reached()
		return
	case in.TooMany:
		g.refuseUnread(in)
		return
	case in.Refusal != nil:
		g.reader.sender = sender{} // nothing of it was read
		g.refuse(in, in.Refusal)
		return
	case in.Cancels:
		g.handleControl(in)
		return
	}
	now := time.Now()
	if err := g.reader.read(in, now); err != nil {
		if errors.Is(err, helium.ErrBadMessage) {
			g.counters.malformed.Add(1)
		}
		g.refuse(in, err)
		return
	}
	g.thawed.See(g.reader.clocks)
	in.From.Clock = g.reader.sender.clock
	if g.exports != nil && answers.IsExported(in.From.Address) {
		g.exports.Heard(in.From.Clock)
	}
	if g.reader.wantsTicket {
		if m := g.tickets.answer(in, g.reader.client); m != nil {
			g.answer(in.From, m)
		}
	}
	if g.reader.asks && in.From.Key != nobodysKey {
		g.tell(in.From)
	}
	for i := range g.reader.parts {
		part := &g.reader.parts[i]
		g.callers.large(in.From, part.Seq).put(part.Time, part.Body)
	}
	for _, call := range g.reader.announced {
		g.announce(in, call, now)
	}
	g.admit(in.From, in.Service, g.reader.answered, now)
	g.beginStreams(in, now)
	g.admit(link.Caller{}, in.Service, g.reader.oneWay, now)
}

// admit enters calls under their caller and sees to it that they are run.
func (g *receiving) admit(from link.Caller, service string, calls []*Call, now time.Time) {
	if len(calls) == 0 {
		return
	}
	caller, calls := g.callers.admit(g.link, from, g.reader.sender, service, calls, now)
	if len(calls) == 0 {
		return
	}
	g.entered(calls, now)
	if !g.areQuick(calls, now) {
		g.queue(calls, now)
		return
	}
	g.inline.Add(calls)
	g.cork(caller)
}

// entered has calls counted and watched that have been entered under their caller.
func (g *receiving) entered(calls []*Call, now time.Time) {
	g.runner.admitted(len(calls))
	countAdmitted(calls, g.direct)
	g.deadlines.Watch(nextLook(calls, now))
	if g.direct || g.reader.sender.abilities.Has(wire.Heartbeats) {
		g.beats.Watch(now)
	}
}

// beginStreams enters streams that a message begins under their caller, and runs each on a goroutine of
// its own: they last, and no call waits for them.
func (g *receiving) beginStreams(in *link.Incoming, now time.Time) {
	if len(g.reader.begun) == 0 {
		return
	}
	streams, came := g.reader.streams.streams, len(g.reader.begun)
	_, calls := g.callers.admit(g.link, in.From, g.reader.sender, in.Service, g.reader.begun, now)
	for range came - len(calls) {
		streams.leave()
	}
	if len(calls) == 0 {
		return
	}
	streams.counters.begun.Add(uint64(len(calls)))
	g.entered(calls, now)
	for _, call := range calls {
		go g.runner.runStream(call, call.answer.(lasting), streams.leave)
	}
}

// announce enters a call whose arguments come in chunks, and has them put together.
func (g *receiving) announce(in *link.Incoming, call *Call, now time.Time) {
	if g.collecting.prepare(call, in.From, g.reader.sender.chunks); call.refusal != nil {
		g.admit(in.From, in.Service, []*Call{call}, now)
		return
	}
	large := call.large
	_, taken := g.callers.admit(g.link, in.From, g.reader.sender, in.Service, []*Call{call}, now)
	if len(taken) == 0 {
		large.leave()
		return
	}
	g.entered(taken, now)
	g.collecting.begin(call, g.link, in.From)
}

// cork lets the answers to a caller wait for each other until sendAnswers.
func (g *receiving) cork(caller *caller) {
	if b := caller.batcher; b != nil && !slices.Contains(g.corked, b) && b.Cork() {
		g.corked = append(g.corked, b)
	}
}

// countAdmitted counts calls by their methods, neighbours of one method at once.
func countAdmitted(calls []*Call, direct bool) {
	for len(calls) > 0 {
		m, n := calls[0].method, 1
		for n < len(calls) && calls[n].method == m {
			n++
		}
		if m != nil { // a call of no method is there to be refused
			m.stats.admitted.Add(uint64(n))
			if direct {
				m.stats.direct.Add(uint64(n))
			}
		}
		calls = calls[n:]
	}
}

// queue hands calls to the workers, and answers those that aren't run for it.
func (g *receiving) queue(calls []*Call, now time.Time) {
	for _, r := range g.pool.Submit(calls, now) {
		if caller, ok := r.Call.owner.(*caller); ok {
			g.cork(caller)
		}
		g.runner.refuse(r.Call, r.Why, now)
	}
}

// areQuick reports whether calls are to be run inline, and if so counts on their work.
func (g *receiving) areQuick(calls []*Call, now time.Time) bool {
	if g.behind || g.budget.Spent(now) {
		return false
	}
	work := g.work
	for _, call := range calls {
		if call.refusal != nil || call.key != "" { // one may wait for another of its key
			return false
		}
		slowest := call.method.stats.slowest()
		if slowest == 0 || slowest > quick {
			return false
		}
		work += slowest + runCost
	}
	g.work = work
	g.calls += len(calls)
	return true
}

// runInline runs the calls that are run inline. It returns false if another goroutine has
// taken over meanwhile.
func (g *receiving) runInline() bool {
	if g.inline.Len() == 0 {
		return true
	}
	room := g.pool.Enter(g.inline.Len())
	if others := g.inline.Begin(room); len(others) > 0 {
		g.queue(others, time.Now())
	}
	if room == 0 {
		return true
	}
	defer g.pool.Leave()
	g.watchdog.Begin()
	var stalled time.Duration
	for call := g.inline.Take(); call != nil; call = g.inline.Take() {
		if took, _ := g.runner.run(call); took > quick {
			stalled += took
		}
	}
	g.watchdog.End()
	if !g.inline.End() {
		return false
	}
	if stalled > 0 {
		g.budget.Spend(time.Now(), stalled)
	}
	return true
}

// moreCame reports whether answers wait for those to what has come meanwhile. Where callers
// are many, more of their calls may be about to come.
func (g *receiving) moreCame() bool {
	if g.work >= inlineWork || g.messages >= inlineMessages {
		return false
	}
	if (g.calls > 1 && !g.direct || g.calls > 32) && !g.link.Waiting() {
		runtime.Gosched()
	}
	return (g.calls > 0 || len(g.corked) > 0) && g.link.Waiting()
}

// sendAnswers lets the answers go that wait.
func (g *receiving) sendAnswers() {
	for _, b := range g.corked {
		b.Uncork()
	}
	clear(g.corked)
	g.behind = g.work >= inlineWork || g.behind && g.link.Waiting()
	g.corked = g.corked[:0]
	g.messages, g.calls, g.work = 0, 0, 0
}

// handOver makes another goroutine receive, if this one is in the middle of a call. The calls
// behind that one go to the workers, and the answers to those before it leave.
func (g *receiving) handOver() {
	waiting, ok := g.inline.TakeOver()
	if !ok {
		return
	}
	now := time.Now()
	g.budget.Spend(now, inline.Pause)
	go g.receive()
	for _, r := range g.pool.Submit(waiting, now) {
		g.runner.refuse(r.Call, r.Why, now)
	}
	for _, b := range g.corked {
		b.Uncork()
	}
}
