package rpcclient

import (
	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/stream"
)

// streamed is what a call sends and takes one by one.
type streamed struct {
	// upload writes each item to w and then calls put, until that returns false. It returns why the
	// items ended before their time. Nil: the call sends none.
	upload func(w *codec.Writer, put func() bool) error
	// take reads an item that has come, and returns whether more are wanted. Nil: the call takes
	// none.
	take func(r *codec.Reader) (more bool, err error)
	// parts: the instance takes items in parts.
	parts bool
	// large: the arguments fit no message. The instance takes them as an item in parts.
	large bool
	// asked: the program's iterator was asked for the items that the latest attempt sends. It runs once.
	asked bool
	// check says why an item may not be sent: the names of its fields aren't the method's. Nil: all may.
	check func(item []byte) error
	// wrapSent and wrapReceived are what interceptors put around the items.
	wrapSent, wrapReceived stream.Wraps
	// fault is why the call can't be made; nil: it can.
	fault *helium.Error
}
