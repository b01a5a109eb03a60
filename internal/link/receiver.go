package link

import (
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// Counters count what a dispatcher sent and received.
type Counters struct {
	Frames, Messages                   atomic.Uint64 // calls sent, and the messages that they shared
	DirectFrames, DirectMessages       atomic.Uint64 // of them, those that left by another link than the bus
	NoResponders, Unmatched, Malformed atomic.Uint64
	Silent                             atomic.Uint64 // calls that failed as their instance was silent
	SilentInstances                    atomic.Int64  // that are so now
	HeldBack                           atomic.Uint64 // calls that were not sent, as the instances of their method refuse most for load
	Twice                              atomic.Uint64 // calls that two instances answered, whose second answers are among the unmatched
}

// ErrNobody is the error of calls that found nobody who listens. It is always this one value.
var ErrNobody = helium.ErrNoInstance.WithOutcome(helium.NotExecuted)

// ErrMissed is the error of a call whose message was addressed to one instance, chosen here, and got to
// nobody. Any instance may have it. It is always this one value.
var ErrMissed = helium.ErrNoInstance.WithMessage("the message was addressed to one instance, which it didn't get to").WithOutcome(helium.NotExecuted)

// Receiver takes in what comes back by one link, on the link's own goroutine. It only wakes
// those who wait, who read their results themselves.
type Receiver struct {
	carrier     *carrier // the link, as calls know it
	link        Link
	number      uint64 // among the links of the client; 0: the bus
	inFlight    *inFlight
	manifests   *manifests
	instances   *instances
	met         *met // who has answered a call by the bus first; nil: by another link
	sent        *sentLog
	counters    *Counters
	canceled    *lateCancels
	forsaken    *lateCancels                  // of streams, and of calls in chunks
	answered    *answeredLog                  // nil: what goes by the link is delivered once
	abandoned   *abandonedLog                 // nil as answered is
	twice       func(first, second *Instance) // told of a call that two instances answered; nil: nobody wants to know
	disconnects atomic.Uint64                 // counts how often the link lost its connection
	removed     atomic.Bool                   // no message goes by it any more
	elsewhere   bool                          // other processes carry what goes by the link, at the same time
	ended       atomic.Pointer[helium.Error]  // of the calls of a link that is removed
	reading     reading
}

// reading is the message that a receiver reads.
type reading struct {
	token     uint64         // of the message that it came in reply to; 0: not known
	refused   bool           // it has refused that message
	name      []byte         // of the instance that sent it; nil: it doesn't say
	abilities wire.Abilities // that this instance says it has
	from      *Instance      // this instance as one of the service of the latest call that it answers; nil: none yet

	answers []ending       // to calls that were taken out of the table and haven't been ended; behind them is room
	corked  *batch.Batcher // of the callers that are being woken; nil: none
	woken   int            // of those
}

// ending is a call and the frame that answers it.
type ending struct {
	call  *Call
	frame wire.Frame
}

// frame returns where the next frame is read to: where it stays if it answers a call, as to copy what
// has just been written in parts takes long.
func (m *reading) frame() *wire.Frame {
	n := len(m.answers)
	m.answers = slices.Grow(m.answers, 1)
	return &m.answers[:n+1][n].frame
}

// keep keeps the frame that was read last, which answers a call.
func (m *reading) keep(c *Call) {
	m.answers = m.answers[:len(m.answers)+1]
	m.answers[len(m.answers)-1].call = c
}

// forget lets go of the answers and of the frame that was read last, and keeps the room.
func (m *reading) forget() {
	clear(m.answers[:min(len(m.answers)+1, cap(m.answers))])
	m.answers = m.answers[:0]
}

// Receive takes in a message of answers, one at a time. Data isn't to be written to afterwards:
// results point into it. Answers that could be read are done even if there is an error, which
// says how the message breaks the protocol. Token is that of the message that it came in reply
// to, 0 if that isn't known.
//
// An answer counts only where it was asked for, which who wasn't asked can't know: one to a
// call has its number, and one to a whole message came on its reply subject. The answer to a
// call may come on the reply subject of another message, as a server that has several calls of
// this client answers them together.
func (r *Receiver) Receive(data []byte, token uint64) error {
	r.reading = reading{token: token, answers: r.reading.answers}
	portion, parts := r.portion()
	frames, err := wire.ReadMessage(data)
	for first := true; err == nil && frames.More(); first = false {
		f := r.reading.frame()
		if err = frames.Next(f); err != nil {
			break
		}
		switch {
		case f.Kind == wire.KindInstance:
			if first {
				r.reading.name, r.reading.abilities = f.Body, f.Abilities
			}
		case f.Kind == wire.KindError && f.Seq == 0:
			r.refuse(f)
		case f.Kind == wire.KindRunning:
			r.run(f)
		case f.Kind >= wire.KindItems && f.Kind <= wire.KindItemPart, f.Kind == wire.KindAccount:
			r.follow(f)
		case f.Kind == wire.KindChunkCredit, f.Kind == wire.KindChunk, f.Kind == wire.KindLargeReply:
			r.part(f)
		default:
			r.take(f)
		}
		if len(r.reading.answers) == portion {
			r.answerTaken()
			if parts {
				r.letGo()
			}
		}
	}
	r.answerTaken()
	r.letGo()
	r.reading.forget()
	r.reading = reading{answers: r.reading.answers} // lets go of the message
	if err != nil {
		r.counters.Malformed.Add(1)
	}
	return err
}

const (
	// mostAtOnce is how many calls are taken out of the table before they are ended.
	mostAtOnce = 64
	// portions is in how many portions callers are woken that have calls in flight by a direct
	// link, halves the same by the bus if this process has one processor only, and leastPortion how
	// many there are in one at least. Chosen by measurement: while the other end has the calls of
	// one portion the callers of the next are woken, so both ends work at the same time, and
	// messages still are full.
	portions     = 4
	halves       = 2
	mostInHalf   = 512
	leastPortion = 8
)

// portion returns how many calls are taken out of the table before they are ended, and whether
// what their callers send leaves before the next are woken.
func (r *Receiver) portion() (n int, parts bool) {
	switch direct := int(r.carrier.inFlight.Load()); {
	case direct > 0:
		return min(max(leastPortion, direct/portions), mostAtOnce), true
	case r.elsewhere && runtime.GOMAXPROCS(0) == 1:
		return min(max(leastPortion, int(r.inFlight.count.Load())/halves), mostInHalf), true
	}
	return mostAtOnce, false // by the bus, where more messages cost more than is won
}

// letGo lets what the callers have sent leave that were woken.
func (r *Receiver) letGo() {
	if corked := r.reading.corked; corked != nil {
		corked.Linger(r.reading.woken)
		corked.Uncork()
	}
	r.reading.corked, r.reading.woken = nil, 0
}

// run takes in which calls an instance has.
func (r *Receiver) run(f *wire.Frame) {
	for seq := range wire.Numbers(f.Body) {
		mine := false
		r.inFlight.show(seq, func(c *Call) {
			if mine = c.by == r.carrier; mine {
				r.link.Received(c)
				c.Instance, c.named = r.sender(c.To.Endpoint.Service), r.instances.beat.Load()
			}
		})
		if !mine {
			r.canceled.found(seq, r.reading.name)
			r.forsaken.found(seq, r.reading.name)
		}
	}
}

// follow hands a frame that isn't the last answer to its call to who waits for it. The call stays in
// the table, which is locked there meanwhile, so nobody else ends it.
func (r *Receiver) follow(f *wire.Frame) {
	mine := false
	r.inFlight.show(f.Seq, func(c *Call) {
		var w Follower
		if w, mine = c.Waiter.(Follower); !mine || c.by != r.carrier {
			mine = false
			return
		}
		r.link.Received(c)
		c.Instance, c.partly = r.sender(c.To.Endpoint.Service), true
		r.carrier.answered(c.seq)
		w.Follow(f)
	})
	if !mine {
		r.counters.Unmatched.Add(1)
	}
}

// part takes in what comes for a call before its answer.
func (r *Receiver) part(f *wire.Frame) {
	mine := false
	r.inFlight.show(f.Seq, func(c *Call) {
		var waiter PartWaiter
		if waiter, mine = c.Waiter.(PartWaiter); !mine || c.by != r.carrier {
			mine = false
			return
		}
		r.link.Received(c)
		if i := r.sender(c.To.Endpoint.Service); i != nil {
			c.Instance = i
		}
		c.partly = true
		waiter.Part(f)
	})
	if !mine {
		r.counters.Unmatched.Add(1)
		r.forsaken.found(f.Seq, r.reading.name)
	}
}

// take takes the call that a frame answers out of the table, to be ended by answerTaken. One that
// isn't there came late, twice or unasked.
func (r *Receiver) take(f *wire.Frame) {
	var c *Call
	switch f.Kind { // one that isn't the last answer to its call is follow's
	case wire.KindReply, wire.KindError:
		c = r.inFlight.takeAnswered(r.carrier, f.Seq, r.sender)
		if c == nil {
			r.answeredBefore(f.Seq)
		}
	}
	if c == nil {
		r.counters.Unmatched.Add(1)
		return
	}
	r.answered.note(f.Seq, c.Instance)
	r.reading.keep(c)
}

// answerTaken ends the calls that were taken out of the table. They are counted at once, and before
// any caller goes on: each of them counts its own, often on another processor.
//
// Callers that are woken together often call again together. The first one of them would send its
// call alone while the others are still being woken, so their batcher is corked meanwhile.
func (r *Receiver) answerTaken() {
	m := &r.reading
	if len(m.answers) == 0 {
		return
	}
	r.inFlight.ended(len(m.answers))
	for i := range m.answers {
		c := m.answers[i].call
		if m.corked == nil && len(m.answers) > 1 && c.batcher.Cork() {
			m.corked = c.batcher
		}
		if m.corked == c.batcher {
			m.woken++
		}
		r.answer(c, &m.answers[i].frame)
	}
	m.forget()
}

// answeredBefore looks at an answer that no call waits for. If it is the second one to a call, and
// another instance's, NATS has delivered the call to both. Who wasn't asked doesn't know its number.
func (r *Receiver) answeredBefore(seq uint64) {
	first := r.answered.by(seq)
	if first == nil {
		first = r.abandoned.by(seq, r.sender)
	}
	if first == nil {
		return
	}
	second := r.sender(first.Service)
	if second == nil || second.Name == first.Name {
		return
	}
	r.counters.Twice.Add(1)
	if r.twice != nil {
		r.twice(first, second)
	}
}

// answer ends a call, taken out of the table, with the frame that answers it.
func (r *Receiver) answer(c *Call, f *wire.Frame) {
	var e *helium.Error
	if f.Kind == wire.KindError {
		e = readError(f.Body)
	}
	if c.Instance != nil {
		c.To.Endpoint.apart.heard(c.Instance)
		if r.met != nil {
			r.met.note(c.Instance, c.target())
		}
	}
	r.link.Answered(c, e)
	c.To.throttle.answered(c.Instance, e)
	if e == nil || e.Outcome == helium.Executed {
		c.To.observe(f.Time)
	}
	c.Waiter.Arrive(f, e)
}

// sender returns the instance that sent the message, as one of the service of a call that it has,
// or had: what it says of itself counts for no other service. It takes note that it was heard.
func (r *Receiver) sender(service string) *Instance {
	m := &r.reading
	if m.name != nil && (m.from == nil || m.from.Service != service) {
		if m.from = r.instances.heard(service, m.name, m.abilities); m.from != nil {
			m.from.hear(r.instances.beat.Load())
		}
	}
	return m.from
}

// refuse fails the calls of the message that an instance refuses whole.
func (r *Receiver) refuse(f *wire.Frame) {
	m := &r.reading
	e, isIn := readError(f.Body), r.leftIn(m.token)
	var refused []*Call
	if !m.refused {
		refused = r.inFlight.takeOf(r.manifests.of(m.token), func(c *Call) bool {
			if !isIn(c) {
				return false
			}
			c.To.throttle.answered(r.sender(c.To.Endpoint.Service), e)
			return true
		})
	}
	if len(refused) == 0 {
		r.counters.Unmatched.Add(1)
	}
	failAll(refused, e)
	m.refused = true
}

// Nobody fails the calls of a message that found nobody who listens. It may hold none: a
// cancel, whose token is 0, or calls that nobody answers.
func (r *Receiver) Nobody(token uint64) {
	r.counters.NoResponders.Add(1)
	for _, c := range r.inFlight.takeOf(r.manifests.of(token), r.leftIn(token)) {
		if c.at == nil {
			c.Waiter.Fail(ErrNobody)
			continue
		}
		c.at.Endpoint.desertion.note()
		c.Waiter.Fail(ErrMissed)
	}
}

// leftIn tells the calls that left by this link in the message of a token. None did in that of
// the token 0.
func (r *Receiver) leftIn(token uint64) func(*Call) bool {
	return func(c *Call) bool { return token != 0 && c.left.Token() == token && c.by == r.carrier }
}

// Lost fails the calls that went with the link's connection: their answers would go nowhere,
// and nobody should wait for them. Those that the link hasn't taken are left to who sends
// them, and is about to learn that it doesn't.
func (r *Receiver) Lost() {
	r.disconnects.Add(1) // before looking; see links.sendBy
	lost := r.inFlight.takeIf(func(c *Call) bool { return c.by == r.carrier && r.sent.wasTaken(c.left.In()) })
	failAll(lost, r.disconnected())
}

// disconnected returns the error of calls that went with the link's connection.
func (r *Receiver) disconnected() *helium.Error {
	if e := r.ended.Load(); e != nil {
		return e
	}
	return helium.ErrDisconnected.WithOutcome(helium.Unknown)
}

// readError reads the error of an answer. One that can't be read is still an answer:
// the server had the call.
func readError(body []byte) *helium.Error {
	e, err := wire.ReadError(body)
	if err != nil {
		return helium.ErrBadResult.WithMessage("the server answered with an error that can't be read: %w", err)
	}
	return e
}
