package link

import (
	"slices"

	"github.com/helium-rpc/helium/internal/wire"
)

// A connection may move to a NATS server that takes smaller messages than the one before, after a
// message of answers was put together for that. Its answers go again then: each alone, or where one
// message is taken only, in one. What still doesn't fit becomes an error that does.

// outgrown are the answers of a message that is too large.
type outgrown struct {
	opening []byte // of each message that they go in
	frames  []wire.Frame
	limit   int // of the size of a message
}

// newOutgrown reads a message of answers. What this server has written it can read.
func newOutgrown(message []byte, limit int) *outgrown {
	o := &outgrown{opening: wire.AppendMessageHeader(nil), limit: limit}
	frames, err := wire.ReadMessage(message)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		if f.Kind == wire.KindInstance {
			o.opening = wire.AppendFrame(o.opening, &f)
		} else {
			o.frames = append(o.frames, f)
		}
	}
	return o
}

// size is that of a message of some frames.
func (o *outgrown) size(frames ...wire.Frame) (size int) {
	size = len(o.opening)
	for i := range frames {
		size += frames[i].Size()
	}
	return size
}

// singly returns each answer in a message of its own.
func (o *outgrown) singly(tooLarge []byte) (messages [][]byte) {
	for _, f := range o.frames {
		if o.size(f) > o.limit {
			Shorten(&f, tooLarge)
		}
		messages = append(messages, o.message(f))
	}
	return messages
}

// once returns one message of all answers. The largest become errors, as many as have to. If all
// have and don't fit even so, rest stands for those that are left out: a whole frame's error, with
// the number 0.
func (o *outgrown) once(tooLarge, rest []byte) []byte {
	for range o.frames {
		if o.size(o.frames...) <= o.limit {
			break
		}
		largest := slices.MaxFunc(o.frames, func(a, b wire.Frame) int { return a.Size() - b.Size() })
		at := slices.IndexFunc(o.frames, func(f wire.Frame) bool { return f.Seq == largest.Seq })
		Shorten(&o.frames[at], tooLarge)
	}
	if o.size(o.frames...) > o.limit {
		forAll := wire.Frame{Kind: wire.KindError, Body: rest}
		for len(o.frames) > 0 && o.size(o.frames...)+forAll.Size() > o.limit {
			o.frames = o.frames[:len(o.frames)-1]
		}
		o.frames = append(o.frames, forAll)
	}
	return o.message(o.frames...)
}

func (o *outgrown) message(frames ...wire.Frame) []byte {
	data := slices.Clone(o.opening)
	for i := range frames {
		data = wire.AppendFrame(data, &frames[i])
	}
	return data
}

// Shorten makes an answer as small as it may be: a result becomes the error tooLarge, as that is
// written, and an error keeps no texts.
func Shorten(f *wire.Frame, tooLarge []byte) {
	f.Metadata = nil
	if f.Kind == wire.KindReply {
		f.Kind, f.Body = wire.KindError, tooLarge
		return
	}
	if fault, err := wire.ReadError(f.Body); err == nil {
		fault.Message, fault.Details = "", nil
		f.Body = wire.AppendError(nil, fault)
	}
}
