package rpcclient

import (
	"errors"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// A JetStream stream whose subjects cover those of calls takes each message of calls for
// one to keep, and acknowledges it at once. That is no answer, so calls wait for theirs,
// which an instance may be about to give; but where none listens, NATS doesn't say so any
// more, for the stream does. Then the deadline is the end of the call, and its error has to
// name the stream.

// acknowledged takes note of a stream's acknowledgement of a message of calls. It is told
// once, as there is one for each message.
func (c *core) acknowledged(message uint64, stream string) {
	c.inflight.takeIf(func(call *Invocation) bool {
		if call.message.Load() == message {
			call.path.stream.Store(&stream)
		}
		return false // it goes on
	})
	c.captured.Do(func() {
		c.log.Warn("a JetStream stream captures calls and acknowledges them, so a call that nobody serves isn't told from one that takes long; take Helium's subjects out of the stream's", "stream", stream)
	})
}

// late adds to the error of a call that waited in vain what may be the reason.
func (call *Invocation) late(e *helium.Error) *helium.Error {
	stream := call.path.stream.Load()
	if stream == nil || !errors.Is(e, helium.ErrDeadline) {
		return e
	}
	return e.WithMessage("%s; perhaps no instance is running, which NATS doesn't tell, as %s", e.Message, wire.Captured(*stream, call.path.subject))
}
