package rpcserver

import (
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// packFrame brings the result of a call that went well into the form in which a frame takes it,
// and returns the size of the message that this makes.
func packFrame(call *Call) (size int) {
	call.packMetadata()
	f := wire.Frame{Metadata: call.packed, Body: call.Result.Bytes()}
	return wire.HeaderSize + f.Size()
}

// answerFrame returns the frame that answers a call: with err, or with its result if err is
// nil. After an error it reads nothing that the handler may still write.
func answerFrame(call *Call, err *helium.Error, took time.Duration, metadata []byte) wire.Frame {
	f := wire.Frame{Kind: wire.KindReply, Seq: call.seq, Time: uint64(took / time.Microsecond), Metadata: metadata}
	if err != nil {
		f.Kind, f.Body = wire.KindError, wire.AppendError(nil, err)
	} else {
		f.Body = call.Result.Bytes()
	}
	return f
}
