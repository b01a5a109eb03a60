package rpcserver

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// largeStreams are the abilities of a caller that sends a stream's arguments, and takes its result, as an item where
// they are larger than a message.
const largeStreams = wire.LargeStreams | wire.ItemParts

// largeItems are the arguments and the result of a stream that travel as items:
//
//	begun ─▶ the first item that comes: the arguments ─▶ handler ─▶ announced ─▶ the only item that leaves: the result ─▶ answer
type largeItems struct {
	args        *wire.Extent // of the arguments; nil: they came with the beginning
	there       atomic.Bool  // they have come
	takesResult bool         // the caller takes the result so
	result      bool         // it leaves so
}

// ahead is how many items come before those of the stream.
func (l *largeItems) ahead() uint64 {
	if l.args == nil {
		return 0
	}
	return 1
}

// lacks reports whether the arguments aren't there yet. If so after the call's context has ended, it doesn't run.
func (l *largeItems) lacks() bool { return l.args != nil && !l.there.Load() }

// take takes the arguments of a call from what comes, or returns why it can't run.
func (l *largeItems) take(call *Call, from *stream.Items) *helium.Error {
	r, err := from.Next()
	switch {
	case err == nil && r == nil:
		err = helium.ErrStreamGap.WithMessage("the stream ended before they had come")
	case err == nil:
		if call.args, err = from.Value(*l.args); err != nil {
			err = helium.ErrBadMessage.WithMessage("%w", err)
		}
	}
	if err != nil {
		e := helium.AsError(err)
		e = e.WithMessage("the stream's arguments, which come as its first item: %s", e.Message)
		return cmp.Or(whyOver(call, time.Now()), e).WithOutcome(helium.NotExecuted)
	}
	call.ctx.hold()
	l.there.Store(true)
	return nil
}

// pack sees to it that a result leaves as an item which would make a message of so many bytes, or returns why it
// can't. Most is how large an item may be, limit how large a message.
func (l *largeItems) pack(call *Call, size, most, limit int) *helium.Error {
	length := len(call.Result.Bytes())
	switch {
	case size-length+len(msgpack.AppendNil(nil)) > limit:
		return errReplyMetadata(call, limit)
	case !l.takesResult:
		return helium.ErrResultTooLarge.WithMessage("%s ran, and its result makes a message of %d bytes; at most %d fit, and its caller, which is of an older version, takes none of a stream that is larger. Return less, or raise the NATS server's max_payload", call.method, size, limit)
	case length > most:
		return errResultTooLarge(call, length, most)
	}
	l.result = true
	return nil
}
