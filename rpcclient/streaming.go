package rpcclient

import (
	"context"
	"iter"
	"reflect"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
)

// Yielded returns the items that a method returns as a stream, each read by read, of a call that begin
// begins: for each range another one. It is what stubs are made of; programs use Stream or a stub.
func Yielded[T any](ctx context.Context, begin func() (*Invocation, error), read func(*codec.Reader) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		call, err := begin()
		if err != nil {
			yield(*new(T), err)
			return
		}
		left := false
		said := call.says()
		said.itemType = reflect.TypeFor[T]()
		said.stream().take = func(r *codec.Reader) (bool, error) {
			item, err := read(r)
			if err != nil {
				return false, err
			}
			left = true // also if the loop's body panics
			left = !yield(item, nil)
			return !left, nil
		}
		err = call.Do(ctx)
		if err == nil {
			err = call.End(nil)
		}
		if err != nil && !left {
			yield(*new(T), err)
		}
	}
}

// Send has a call send items as a stream, each written by write, between Args and Do. An error among
// them ends the stream, and the method's handler gets it as the last item. It is what stubs are made
// of; programs use a stub.
//
// The iterator runs on a goroutine of its own. Do returns when the stream is over, which an iterator that
// waits for something else then may not have seen yet.
func Send[T any](call *Invocation, items iter.Seq2[T, error], write func(*codec.Writer, T)) {
	call.says().sendsType = reflect.TypeFor[T]()
	if items == nil {
		call.says().stream().fault = helium.ErrBadArgument.WithMessage("the iterator of items to send is nil; pass one that gives none").WithOutcome(helium.NotExecuted)
	}
	call.says().stream().upload = func(w *codec.Writer, put func() bool) error {
		for item, err := range items {
			if err != nil {
				return err
			}
			if write(w, item); !put() {
				break
			}
		}
		return nil
	}
}
