package link

import (
	"errors"
	"sync/atomic"
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
	// Deadline is when it fails at the latest.
	Deadline time.Time
	// Waiter gets what arrives for it.
	Waiter Waiter
	// Why says, in the error of a call that may not be sent there, why it has to go there.
	// It begins with a comma; "": that needs no explanation.
	Why string

	seq     uint64
	batcher *batch.Batcher // that it leaves by
	message atomic.Uint64  // the message that it left in; 0: none yet
}

// Waiter waits for what arrives for a call. Both methods run on a receiver's goroutine, one at
// a time, and must not block. A call with one answer gets one of them, once.
type Waiter interface {
	// Arrive takes in a frame that answers the call; e is the error in it, if it holds one.
	// The frame is the receiver's again afterwards; what it points to stays as it is.
	Arrive(f *wire.Frame, e *helium.Error)
	// Fail tells that the call is over and nothing arrives for it any more.
	Fail(e *helium.Error)
}

// Release lets go of all that the call points to.
func (c *Call) Release() { c.To, c.Waiter, c.Why, c.batcher = nil, nil, "", nil }

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
