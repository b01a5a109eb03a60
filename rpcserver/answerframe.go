package rpcserver

import (
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/gather"
)

// packFrame brings the result of a call that went well into the form in which a frame takes it,
// and returns the size of a message that begins with so many bytes and has that frame.
func packFrame(call *Call, opening int) (size int) {
	call.packMetadata()
	return opening + wire.SizeOf(len(call.packed), len(call.Result.Bytes()))
}

// fillAnswer makes an empty frame the one that answers a call: with err, or with its result if err
// is nil. After an error it reads nothing that the handler may still write.
func fillAnswer(f *wire.Frame, call *Call, err *helium.Error, took time.Duration, metadata []byte) {
	f.Kind, f.Seq, f.Time, f.Metadata = wire.KindReply, call.seq, uint64(took/time.Microsecond), metadata
	if err != nil {
		f.Kind, f.Body = wire.KindError, wire.AppendError(nil, err)
	} else {
		f.Body = call.Result.Bytes()
	}
}

// gatheredAnswer is the answerer of calls whose message is answered by one.
type gatheredAnswer struct{ *gather.Gathering }

func (gatheredAnswer) awaited() bool { return true }

func (a gatheredAnswer) limit() int { return a.Limit() }

func (gatheredAnswer) pack(call *Call) (size int, err *helium.Error) {
	return packFrame(call, wire.HeaderSize+wire.AboutSize), nil
}

func (a gatheredAnswer) send(call *Call, err *helium.Error, took time.Duration, packed []byte, _ bool) {
	var f wire.Frame
	fillAnswer(&f, call, err, took, packed)
	a.Add(&f)
}

// gaveUp implements [quitter].
func (a gatheredAnswer) gaveUp(seq uint64) { a.GaveUp(seq) }
