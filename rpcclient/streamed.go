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
	// asked: the program's iterator was asked for the items to send. It runs once.
	asked bool
	// left: the program has left the loop that takes the items, which can't be given any more.
	left bool
	// check says why an item may not be sent: the names of its fields aren't the method's. Nil: all may.
	check func(item []byte) error
	// wrapSent and wrapReceived are what interceptors put around the items.
	wrapSent, wrapReceived stream.Wraps
	// fault is why the call can't be made; nil: it can.
	fault *helium.Error
}

// spent returns why a stream can't begin once more, as it does when an interceptor calls next again; nil: it can.
func (of *streamed) spent() *helium.Error {
	switch {
	case of.asked:
		return helium.ErrInterceptor.WithMessage("an interceptor called next again for a stream whose items the program's iterator was asked for already, and it may not give them twice; call next again only where nothing was sent yet").WithOutcome(helium.NotExecuted)
	case of.left:
		return helium.ErrInterceptor.WithMessage("an interceptor called next again for a stream whose loop the program has left").WithOutcome(helium.NotExecuted)
	}
	return nil
}
