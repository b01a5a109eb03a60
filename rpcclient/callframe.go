package rpcclient

import (
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

// fillWith is fill with another body than the arguments.
func (call *Invocation) fillWith(f *wire.Frame, kind wire.Kind, body []byte, left time.Duration) *helium.Error {
	if left <= 0 {
		return link.ErrTooLate
	}
	f.Kind, f.Time, f.Body = kind, wire.Milliseconds(left), body
	if md := call.sent; len(md) > 0 {
		f.Metadata = msgpack.AppendStringMap(nil, md)
	}
	if size, limit := f.Size()+wire.MaxName+wire.HeaderSize, call.method.core.links.MaxMessage(); size > limit && limit > 0 {
		return helium.ErrTooLarge.WithMessage("the call's arguments and metadata make a message of %d bytes; this connection takes at most %d", size, limit).WithOutcome(helium.NotExecuted)
	}
	return nil
}
