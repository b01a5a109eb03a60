package link

import (
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// Counters count what a dispatcher sent and received.
type Counters struct {
	Frames, Messages                   atomic.Uint64 // calls sent, and the messages that they shared
	NoResponders, Unmatched, Malformed atomic.Uint64
}

// ErrNobody is the error of calls that found nobody who listens. It is always this one value.
var ErrNobody = helium.ErrNoInstance.WithOutcome(helium.NotExecuted)

// Receiver takes in what comes back by one link, on the link's own goroutine. It only wakes
// those who wait, who read their results themselves.
type Receiver struct {
	carrier     *carrier // the link, as calls know it
	link        Link
	inFlight    *inFlight
	instances   *instances
	sent        *sentLog
	counters    *Counters
	disconnects atomic.Uint64 // counts how often the link lost its connection
	removed     atomic.Bool   // no message goes by it any more
	frame       wire.Frame    // of the message that is read; here, as waiters would move it to the heap
	from        *Instance     // that sent the message which is read; nil: it doesn't say
	last        *Instance     // that said who it is last
}

// Receive takes in a message of answers, one at a time. Data isn't to be written to afterwards:
// results point into it. Answers that could be read are done even if there is an error, which
// says how the message breaks the protocol. message is the number of the message that it came
// in reply to, 0 if that isn't known.
func (r *Receiver) Receive(data []byte, message uint64) error {
	// Callers that are woken together often call again together. The first one of them
	// would send its call alone while the others are still being woken.
	var corked *batch.Batcher
	woken := 0
	r.from = nil
	frames, err := wire.ReadMessage(data)
	for err == nil && frames.More() {
		f := &r.frame
		if err = frames.Next(f); err != nil {
			break
		}
		if f.Kind == wire.KindInstance {
			r.from = r.hears(f)
			continue
		}
		c, e := r.takeAnswered(f, message)
		if c == nil {
			continue
		}
		if corked == nil && frames.More() && c.batcher.Cork() {
			corked = c.batcher
		}
		if corked == c.batcher {
			woken++
		}
		r.answer(c, f, e)
	}
	r.frame = wire.Frame{} // lets go of the message
	if corked != nil {
		corked.Linger(woken)
		corked.Uncork()
	}
	if err != nil {
		r.counters.Malformed.Add(1)
	}
	return err
}

// hears takes in what an instance says of itself. Mostly it is the one that said so last.
func (r *Receiver) hears(f *wire.Frame) *Instance {
	if r.last == nil || r.last.Name != string(f.Body) || r.last.Abilities() != f.Abilities {
		r.last = r.instances.heard(f.Body, f.Abilities)
	}
	return r.last
}

// takeAnswered takes the call that a frame answers out of the table. Answers that come
// late, twice or unasked are counted, and that is all.
func (r *Receiver) takeAnswered(f *wire.Frame, message uint64) (*Call, *helium.Error) {
	var e *helium.Error
	switch f.Kind { // one that isn't the last answer to its call gets a case that uses inFlight.show
	case wire.KindReply:
	case wire.KindError:
		if e = readError(f.Body); f.Seq == 0 {
			// It concerns the whole message that was sent.
			r.inFlight.failMessage(message, e)
			return nil, nil
		}
	default:
		r.counters.Unmatched.Add(1)
		return nil, nil
	}
	c := r.inFlight.take(f.Seq)
	if c == nil {
		r.counters.Unmatched.Add(1)
	}
	return c, e
}

// answer ends a call, taken out of the table, with the frame that answers it.
func (r *Receiver) answer(c *Call, f *wire.Frame, e *helium.Error) {
	c.Instance = r.from
	r.link.Answered(c, e)
	if e == nil || e.Outcome == helium.Executed {
		c.To.observe(f.Time)
	}
	c.Waiter.Arrive(f, e)
}

// Nobody fails the calls of a message that found nobody who listens.
func (r *Receiver) Nobody(message uint64) {
	r.counters.NoResponders.Add(1)
	r.inFlight.failMessage(message, ErrNobody)
}

// Lost fails the calls that went with the link's connection: their answers would go nowhere,
// and nobody should wait for them. Those that the link hasn't taken are left to who sends
// them, and is about to learn that it doesn't.
func (r *Receiver) Lost() {
	r.disconnects.Add(1) // before looking; see links.sendBy
	r.inFlight.failIf(func(c *Call) bool { return c.by == r.carrier && r.sent.wasTaken(c.message.Load()) },
		helium.ErrDisconnected.WithOutcome(helium.Unknown))
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
