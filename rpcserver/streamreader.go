package rpcserver

import (
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// streamReader makes streams of calls that begin one.
type streamReader struct {
	instance string
	streams  *streams
}

// read gives a call its stream, or a refusal: then it is answered like any call. It is to have begun by
// the deadline.
func (r *streamReader) read(call *Call, terms *wire.Terms, from link.Caller, deadline, now time.Time) {
	if call.refusal == nil {
		call.refusal = r.refuses(call, from, deadline, now)
	}
	if call.refusal == nil {
		call.answer = newServerStream(call, terms, &r.streams.pool, &r.streams.counters)
	}
}

// refuses returns why a call that begins a stream can't.
func (r *streamReader) refuses(call *Call, from link.Caller, deadline, now time.Time) *helium.Error {
	switch {
	case !call.method.signature.Streams():
		return helium.ErrIsStream.WithMessage("%s neither takes nor returns a stream; call it", call.method.signature)
	case from.Once, from.Ephemeral:
		return helium.ErrStreamsUnsupported.WithMessage("instance %s can answer with one message only, or through another account's import, and a stream takes several; let its user publish to \"_INBOX.>\", and call it from its own account", r.instance)
	case call.key != "":
		return helium.ErrIdempotencyKeysUnsupported.WithMessage("a stream can't be replayed; call it without an idempotency key")
	case !now.Before(deadline):
		return expired(call, now)
	case !r.streams.enter():
		return helium.ErrOverloaded.WithMessage("the instance has %d streams, as many as it takes, or is shutting down", r.streams.count())
	}
	return nil
}
