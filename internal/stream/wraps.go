package stream

import (
	"errors"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
)

// ItemHandler takes one item: one msgpack value, which is good until it returns.
type ItemHandler = func(item []byte) error

// Wraps are what interceptors put around the handler of a stream's items, the outermost first. Nil:
// nothing.
type Wraps []func(next ItemHandler) ItemHandler

// Inward returns a handler that gives items to the outermost first, and what comes out of the
// innermost to last.
func (w Wraps) Inward(last ItemHandler) ItemHandler {
	handler := w.checked(last)
	for i := len(w) - 1; i >= 0; i-- {
		if handler = wrapped(w[i], handler); handler == nil {
			return noHandler
		}
	}
	return handler
}

// Outward returns a handler that gives items to the innermost first, and what comes out of the
// outermost to last.
func (w Wraps) Outward(last ItemHandler) ItemHandler {
	handler := w.checked(last)
	for _, wrap := range w {
		if handler = wrapped(wrap, handler); handler == nil {
			return noHandler
		}
	}
	return handler
}

// wrapped returns nil if an interceptor wraps by nil, or in it.
func wrapped(wrap func(next ItemHandler) ItemHandler, handler ItemHandler) ItemHandler {
	if wrap == nil {
		return nil
	}
	return wrap(handler)
}

// checked returns a handler that gives to last only what is one value.
func (w Wraps) checked(last ItemHandler) ItemHandler {
	if len(w) == 0 {
		return last
	}
	return func(item []byte) error {
		if err := oneValue(item); err != nil {
			return err
		}
		return last(item)
	}
}

// oneValue returns why bytes aren't one msgpack value.
func oneValue(item []byte) error {
	r := codec.NewReader(item)
	err := r.Skip()
	if err == nil && r.Len() > 0 {
		err = errors.New("something follows the value")
	}
	if err != nil {
		return helium.ErrInterceptor.WithMessage("an interceptor passed on %d bytes as an item of a stream that aren't one msgpack value: %w", len(item), err)
	}
	return nil
}

func noHandler([]byte) error {
	return helium.ErrInterceptor.WithMessage("an interceptor wrapped the items of a stream by nil; return next to leave them alone")
}
