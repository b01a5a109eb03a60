package link

import (
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// Call is one attempt of a call, in flight from Dispatcher.Send until it is answered, failed
// or taken. Whoever takes it out of the table of calls in flight ends it, so it ends once.
type Call struct {
	// To is where it goes.
	To *Method
	// Waiter gets what arrives for it.
	Waiter Waiter
	// Instance is what has it, as that said in an answer or a heartbeat; nil: nobody knows.
	Instance *Instance

	batcher *batch.Batcher // that it leaves by
	left    batch.Left     // the message that it left in
	// They are guarded by the lock of the call's shard while it is in the table, and then
	// belong to whoever took it out.
	by      *carrier // the link that it left by, or will if none is chosen instead
	counted bool     // that link counts it
	at      *Method  // at the one instance that its message was addressed to, where To leaves open which; nil: to none

	// What is above is what the receiver of the answer needs, on another processor often: it
	// stands together, so that few cache lines go there and back. What is below it leaves alone.

	// Deadline is when it fails at the latest.
	Deadline time.Time
	// Anyone: the call isn't to be addressed to one instance where To leaves open which.
	Anyone bool
	// Why says, in the error of a call that may not be sent there, why it has to go there.
	// It begins with a comma; "": that needs no explanation.
	Why string

	seq   uint64
	given time.Duration // the time it had left when the message that it left in was begun, in whole milliseconds; set when Send returns
	// since is the vigil's, see longCall; 0: it hasn't seen that the call left. Guarded as by is.
	since uint64
	// partly: something has come for the call that isn't its last answer. Guarded as by is.
	partly bool
	// asks: more of the call's result was asked for on a control subject. Guarded as by is.
	asks bool
	// named is the beat in which a heartbeat named the call last; 0: none has. Guarded as by is.
	named uint64
}

// Waiter waits for what arrives for a call. Its methods run one at a time, on goroutines that
// others depend on, so they must not block, nor call the dispatcher.
//
// A call gets one of the two, once, after it was taken out of the table. One with several answers
// stays there until the last; see [Follower].
type Waiter interface {
	// Arrive takes in a frame that answers the call; e is the error in it, if it holds one.
	// The frame is the receiver's again afterwards; what it points to stays as it is.
	Arrive(f *wire.Frame, e *helium.Error)
	// Fail tells that the call is over and nothing arrives for it any more.
	Fail(e *helium.Error)
}

// Follower is a Waiter of a call with several answers.
type Follower interface {
	Waiter
	// Follow takes in a frame that isn't the last answer, while the call is in the table and that
	// is locked there. The frame is the receiver's again afterwards; what it points to stays as it
	// is. It may change the call's Deadline to a later one.
	Follow(f *wire.Frame)
}

// PartWaiter is a Waiter that takes what comes for a call before its answer: credit for arguments, and
// a result in chunks, see package chunks; or, of a stream, that its result follows as an item.
type PartWaiter interface {
	Waiter
	// Part takes in such a frame, while nobody else can end the call; what it points to stays as it is.
	// Like the others it must not block.
	Part(f *wire.Frame)
}

// Release lets go of all that the call points to.
func (c *Call) Release() {
	c.To, c.Waiter, c.Why, c.Instance, c.batcher, c.by, c.at, c.Anyone = nil, nil, "", nil, nil, nil, nil, false
}

// Seq returns the number of a call that was sent.
func (c *Call) Seq() uint64 { return c.seq }

// Addressed returns where at one instance a call went that was sent and is over, where To left open which;
// nil: to none of them.
func (c *Call) Addressed() *Method { return c.at }

// target returns where the call went, as far as that was chosen.
func (c *Call) target() *Method {
	if c.at != nil {
		return c.at
	}
	return c.To
}

// isReceived reports whether an instance has shown that it has the call, by a sign that isn't its last answer.
func (c *Call) isReceived() bool { return c.Instance != nil || c.partly || c.named != 0 }

// leavesBy notes by which link the call leaves, or leaves after another one didn't take it.
func (c *Call) leavesBy(by *carrier) {
	c.unload()
	c.by, c.counted = by, true
	by.inFlight.Add(1)
}

// unload takes the call off its link: it is over, or goes by another one.
func (c *Call) unload() {
	if c.counted {
		c.by.over(c.seq)
		c.counted = false
	}
}

// withdraw keeps the call from leaving. It returns false if it may have left. Only who took it
// out of the table calls it.
func (c *Call) withdraw() bool { return c.batcher != nil && c.batcher.Withdraw(c.seq, &c.left) }

// Shares reports whether the call leaves in messages that all methods of its endpoint share.
func (c *Call) Shares() bool { return c.batcher == c.To.Endpoint.batcher }

// Late adds to the error of a call that waited in vain what may be the reason: a JetStream
// stream that captures calls keeps NATS from saying that nobody listens.
func (c *Call) Late(e *helium.Error) *helium.Error {
	stream := c.To.stream.Load()
	if stream == nil || !errors.Is(e, helium.ErrDeadline) {
		return e
	}
	return e.WithMessage("%s; perhaps no instance is running, which NATS doesn't tell, as %s", e.Message, wire.Captured(*stream, c.To.Subject))
}
