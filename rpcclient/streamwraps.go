package rpcclient

import (
	"context"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
)

// ItemHandler takes one item of a stream, on its way to the method or from it: one msgpack value, which
// codec.NewReader reads, and which is good until it returns.
type ItemHandler = func(item []byte) error

// IsStream reports whether the call sends a stream of items, or takes one: its handler returns when the
// stream is over.
func (call *Invocation) IsStream() bool { return call.loose.items() != nil }

// WrapSent has an interceptor see each item that the program sends, before it calls next: wrap is called
// once, when the items begin, and what it returns for each item. It passes the item on, or another one,
// several or none, by calling next; the first of [Config].Interceptors has them first. An error that it returns is the last item
// that the method's handler gets, as one of the program's own iterator is. Next returns an error when nobody
// takes items any more, which it returns. All that happens on the goroutine of that iterator, so at the
// same time as what [Invocation.WrapReceived] put around those that come.
//
// In a call that is no stream there is nothing to wrap.
func (call *Invocation) WrapSent(wrap func(next ItemHandler) ItemHandler) {
	if of := call.loose.items(); of != nil {
		of.wrapSent = append(of.wrapSent, wrap)
	}
}

// WrapReceived has an interceptor see each item that comes, before the program does and before it calls
// next, as [Invocation.WrapSent]; the items of the first of [Config].Interceptors are those that the program gets. Next returns
// when the body of the program's loop has. An error that the interceptor returns is the last item of that loop, and ends the
// stream.
func (call *Invocation) WrapReceived(wrap func(next ItemHandler) ItemHandler) {
	if of := call.loose.items(); of != nil {
		of.wrapReceived = append(of.wrapReceived, wrap)
	}
}

// unwrapping returns the handler that an interceptor gets as next: it may be called again, and then
// interceptors within it wrap anew.
func unwrapping(next Handler) Handler {
	return func(ctx context.Context, call *Invocation) error {
		if call == nil || !call.IsStream() {
			return next(ctx, call)
		}
		of := call.loose.items()
		sent, received := len(of.wrapSent), len(of.wrapReceived)
		err := next(ctx, call)
		of.wrapSent, of.wrapReceived = of.wrapSent[:sent], of.wrapReceived[:received]
		return err
	}
}

// unwrapped returns what has an item taken that interceptors have passed on, as long as more are wanted.
func unwrapped(take func(*codec.Reader) error, more *bool) ItemHandler {
	return func(item []byte) error {
		if !*more {
			return context.Canceled
		}
		r := codec.NewReader(item)
		err := take(&r)
		if rest := r.Len(); err == nil && rest > 0 {
			err = helium.ErrBadResult.WithMessage("%d bytes are left behind what was read of an item", rest).WithOutcome(helium.Executed)
		}
		if err == nil && !*more {
			return context.Canceled
		}
		return err
	}
}

// began returns an error of a stream that has begun as one that says so, whatever an interceptor thinks.
func began(e *helium.Error) *helium.Error {
	if e.Outcome == helium.NotExecuted {
		return e.WithOutcome(helium.Unknown)
	}
	return e
}
