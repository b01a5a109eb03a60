package rpcserver

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
)

// itemised is an answerer of a call that takes or gives items.
type itemised interface {
	answerer
	// put sends the nth item of the call, once there is room for it. An error is why no more leave. Of is
	// the writer that has written it, and may be given other memory; nil: the item's memory is somebody's.
	put(call *Call, nth int, item []byte, of *codec.Writer) error
	// source is where the items come from that the caller sends; nil: it sends none.
	source() itemSource
	wraps() *itemWraps
}

// itemSource gives items as they come.
type itemSource interface {
	// Next waits for the next item, and returns a reader that stands before it. There are no more if
	// the reader is nil, and an error says why.
	Next() (*codec.Reader, error)
	// Count returns how many items were given.
	Count() uint64
}

// lasting is an itemised answerer of a call that is run on a goroutine of its own.
type lasting interface {
	itemised
	follower
	owned
	// begin says that it has begun. It ends with the call's context, if it doesn't before: stop returns once
	// that has no effect any more.
	begin(ctx *callContext[Call]) (stop func())
	// admit returns once the arguments of the call are there, or why it can't run.
	admit(call *Call, count *counters) *helium.Error
	// deliver sends the result if the call's answer has no room for it, or returns why not all of it has left.
	deliver(call *Call, count *counters) *helium.Error
	figures() *methodStats
}

// itemWraps are what interceptors put around the items of a call.
type itemWraps struct {
	sent, received stream.Wraps
	yielded        bool // items were sent, or none on purpose
}

func (w *itemWraps) wraps() *itemWraps { return w }

// itemsOf returns the call's answerer if it takes or gives items; else nil.
func itemsOf(call *Call) itemised {
	s, _ := call.answer.(itemised)
	return s
}

// itemTooLarge returns the error of an item that doesn't fit a message, as its caller takes none in parts.
func itemTooLarge(call *Call, nth, size, most int) *helium.Error {
	return helium.ErrResultTooLarge.WithMessage("item %d of %s has %d bytes; at most %d fit a message, and its caller takes none in parts. Send smaller ones, or raise the NATS server's max_payload", nth, call.method, size, most)
}

// mostKept is up to which size memory is kept for the next item that is written, in bytes.
const mostKept = wire.UsualPayload

// itemWriter returns a writer of items in some memory, if that has room for what goes in front of them.
func itemWriter(memory []byte) codec.Writer {
	if cap(memory) <= wire.Room {
		memory = make([]byte, wire.Room, wire.Room+64)
	}
	return codec.NewWriter(memory[:wire.Room])
}
