package rpcclient

import (
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// fill makes an empty frame that of a call with so much time left, but for its sequence number. It
// isn't returned, as to copy what has just been written in parts takes long.
func (call *Invocation) fill(f *wire.Frame, kind wire.Kind, left time.Duration) *helium.Error {
	return call.fillWith(f, kind, call.Args.Bytes(), left)
}

// fillLarge is fill for a call whose arguments follow in chunks or parts.
func (call *Invocation) fillLarge(f *wire.Frame, kind wire.Kind, left time.Duration) *helium.Error {
	e := call.fillWith(f, kind, wire.AppendExtent(nil, wire.ExtentOf(call.Args.Bytes())), left)
	if e != nil && errors.Is(e, helium.ErrTooLarge) {
		e = e.WithMessage("the call's metadata don't fit a message of %d bytes, which is what this connection takes at most, and don't travel in chunks; send less of them", call.method.core.links.MaxMessage())
	}
	return e
}

// fillStream is fill for the beginning of a stream, whose terms the frame has. Large says that its arguments follow.
func (call *Invocation) fillStream(f *wire.Frame, large bool, left time.Duration) *helium.Error {
	if !large {
		return call.fill(f, wire.KindStream, left)
	}
	return call.fillLarge(f, wire.KindLargeStream, left)
}

// sendable returns why arguments that fit no message can't be sent in another way either.
func (call *Invocation) sendable() *helium.Error {
	if size, most := len(call.Args.Bytes()), call.method.core.maxValue; size > most {
		return helium.ErrTooLarge.WithMessage("the call's arguments have %d bytes; this client sends at most %d, see rpcclient.Config.MaxValue", size, most).WithOutcome(helium.NotExecuted)
	}
	return nil
}

// fillWith is fill with another body than the arguments. A frame that has the call's metadata already keeps them.
func (call *Invocation) fillWith(f *wire.Frame, kind wire.Kind, body []byte, left time.Duration) *helium.Error {
	if left <= 0 {
		return link.ErrTooLate
	}
	f.Kind, f.Time, f.Body = kind, wire.Milliseconds(left), body
	if md := call.sent; len(md) > 0 && f.Metadata == nil {
		f.Metadata = msgpack.AppendStringMap(nil, md)
	}
	if size, limit := f.Size()+wire.MaxName+wire.HeaderSize, call.method.core.links.MaxMessage(); size > limit && limit > 0 {
		return helium.ErrTooLarge.WithMessage("the call's arguments and metadata make a message of %d bytes; this connection takes at most %d", size, limit).WithOutcome(helium.NotExecuted)
	}
	return nil
}
