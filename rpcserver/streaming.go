package rpcserver

import (
	"cmp"
	"context"
	"io"
	"iter"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/wire"
)

// Yield sends what an iterator gives as the items of a call that is a stream, each written by write,
// and returns what the handler returns. An error that the iterator gives ends the stream. When
// nobody takes items any more, as the caller has left, the iterator's yield returns false. It is what
// handlers are made of; programs return an iter.Seq2.
func Yield[T any](call *Call, items iter.Seq2[T, error], write func(*codec.Writer, T)) error {
	s := streamOf(call)
	if s == nil {
		return errNoStream(call)
	}
	if items == nil {
		return helium.ErrBadResult.WithMessage("%s returned a nil iterator; return one that gives nothing", call.method)
	}
	most := s.limit() - wire.ItemsOverhead
	w := codec.NewWriter(make([]byte, 0, 64))
	count := 0
	var over error // which an interceptor may not have heeded
	put := s.wrapSent.Outward(func(item []byte) error {
		if size := len(item); size > most {
			over = helium.ErrResultTooLarge.WithMessage("item %d of %s has %d bytes; at most %d fit a message. Send smaller ones, or raise the NATS server's max_payload", count, call.method, size, most)
		} else if !s.out.Send(item) {
			over = s.over(call)
		}
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
	}
	return nil
}

// over returns why a stream takes no items any more.
func (s *serverStream) over(call *Call) error {
	if err := call.ctx.Err(); err != nil {
		return err
	}
	return context.Canceled
}

// Items returns the items that the caller of a call sends as a stream, each read by read. Who ranges
// over it again goes on where the range before stopped. An error is the last item: that of the caller's
// own iterator, or why no more come. It is what handlers are made of; programs take an iter.Seq2.
func Items[T any](call *Call, read func(*codec.Reader) (T, error)) iter.Seq2[T, error] {
	s := streamOf(call)
	if s == nil || s.in == nil {
		err := errNoStream(call)
		return func(yield func(T, error) bool) { yield(*new(T), err) }
	}
	items, name := newTaken(s), call.method.String()
	return func(yield func(T, error) bool) {
		more := true
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

// errNoStream is the error of a stream that isn't there.
func errNoStream(call *Call) error {
	return argumentError{helium.ErrIsStream.WithMessage("%s takes or returns a stream, which a call has none of; call it as a stream", call.method.signature).WithOutcome(helium.NotExecuted)}
}

// onlyStreams returns a handler that refuses calls which aren't streams.
func onlyStreams(next Handler) Handler {
	return func(ctx context.Context, call *Call) error {
		if streamOf(call) == nil {
			return errNoStream(call)
		}
		return next(ctx, call)
	}
}

// IsStream reports whether the call is a stream: its handler returns when the stream is over.
func (c *Call) IsStream() bool { return streamOf(c) != nil }
