package rpcserver

import (
	"cmp"
	"context"
	"io"
	"iter"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
)

// Yield sends what an iterator gives as the items of a call that is a stream, each written by write,
// and returns what the handler returns. An error that the iterator gives ends the stream. When
// nobody takes items any more, as the caller has left, the iterator's yield returns false. It is what
// handlers are made of; programs return an iter.Seq2.
func Yield[T any](call *Call, items iter.Seq2[T, error], write func(*codec.Writer, T)) error {
	s := itemsOf(call)
	if s == nil {
		return errNoStream(call)
	}
	if call.method.signature.Yields == nil {
		return helium.ErrInterceptor.WithMessage("items were sent as the answer of %s, which has a result; write call.Result instead", call.method)
	}
	if items == nil {
		return helium.ErrBadResult.WithMessage("%s returned a nil iterator; return one that gives nothing", call.method)
	}
	s.wraps().yielded = true
	w := itemWriter(nil)
	of := &w
	if len(s.wraps().sent) > 0 {
		of = nil // interceptors may keep an item, or send it twice
	}
	count := 0
	var over error // which an interceptor may not have heeded
	put := s.wraps().sent.Outward(func(item []byte) error {
		over = s.put(call, count, item, of)
		return over
	})
	for item, err := range items {
		if err != nil {
			return err
		}
		count++
		w.Reset()
		write(&w, item)
		if err := w.Err(); err != nil {
			return helium.ErrBadResult.WithMessage("item %d of %s can't be encoded: %w", count, call.method, err)
		}
		if err := cmp.Or(put(w.Bytes()), over); err != nil {
			return err
		}
		if cap(w.Buffer()) > mostKept {
			w = itemWriter(nil)
		}
	}
	return nil
}

// Items returns the items that the caller of a call sends as a stream, each read by read. Who ranges
// over it again goes on where the range before stopped. An error is the last item: that of the caller's
// own iterator, or why no more come. One goroutine at a time ranges over it. It is what handlers are made of; programs take an iter.Seq2.
func Items[T any](call *Call, read func(*codec.Reader) (T, error)) iter.Seq2[T, error] {
	var from itemSource
	s := itemsOf(call)
	if s != nil {
		from = s.source()
	}
	if from == nil {
		err := errNoStream(call)
		return func(yield func(T, error) bool) { yield(*new(T), err) }
	}
	items, name := newTaken(from, s.wraps().received), call.method.String()
	return func(yield func(T, error) bool) {
		more := true
		defer func() { more = false }() // an interceptor may keep take
		take := func(r *codec.Reader) error {
			if !more { // an interceptor goes on all the same
				return context.Canceled
			}
			item, err := read(r)
			if err != nil {
				return helium.ErrBadArgument.WithMessage("item %d sent to %s: %w", items.Count(), name, err)
			}
			if more = yield(item, nil); !more {
				return context.Canceled
			}
			return nil
		}
		for more {
			err := items.next(take)
			if err == io.EOF {
				return
			}
			if err != nil && more {
				items.failed = err
				yield(*new(T), err)
				return
			}
		}
	}
}

// spent returns why the handler of a call can't run once more, as it does when an interceptor calls next
// again; nil: it can.
func spent(call *Call) error {
	s := itemsOf(call)
	if s == nil {
		return nil
	}
	if from := s.source(); from != nil && from.Count() > 0 {
		return helium.ErrInterceptor.WithMessage("an interceptor called next again for a stream of which the handler of %s had taken items already, which don't come twice", call.method)
	}
	return nil
}

// errNoStream is the error of a stream that isn't there.
func errNoStream(call *Call) error {
	return argumentError{helium.ErrIsStream.WithMessage("%s takes or returns a stream, which a call has none of; call it as a stream", call.method.signature).WithOutcome(helium.NotExecuted)}
}

// onlyStreams returns a handler that refuses calls which aren't streams.
func onlyStreams(next Handler) Handler {
	return func(ctx context.Context, call *Call) error {
		if itemsOf(call) == nil {
			return errNoStream(call)
		}
		return next(ctx, call)
	}
}

// IsStream reports whether the call is a stream: its handler returns when the stream is over.
func (c *Call) IsStream() bool { return itemsOf(c) != nil }
