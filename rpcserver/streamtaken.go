package rpcserver

import (
	"fmt"
	"io"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/stream"
)

// taken are the items that a handler takes, within what interceptors put around them.
type taken struct {
	itemSource
	within ItemHandler // ends in take; nil: nothing is put around
	take   func(*codec.Reader) error
	failed error // why there are no more
}

func newTaken(from itemSource, wraps stream.Wraps) *taken {
	x := &taken{itemSource: from}
	if len(wraps) > 0 {
		x.within = wraps.Inward(x.unwrapped)
	}
	return x
}

// next waits for an item and has it taken. It returns io.EOF if there are no more.
func (x *taken) next(take func(*codec.Reader) error) error {
	if x.failed != nil {
		return x.failed
	}
	r, err := x.Next()
	switch {
	case err != nil:
		return err
	case r == nil:
		return io.EOF
	case x.within == nil:
		return take(r)
	}
	item, err := r.Raw()
	if err != nil {
		return err
	}
	x.take = take
	return x.within(item)
}

// unwrapped has an item taken that interceptors have passed on.
func (x *taken) unwrapped(item []byte) error {
	r := codec.NewReader(item)
	err := x.take(&r)
	if rest := r.Len(); err == nil && rest > 0 {
		err = fmt.Errorf("%d bytes are left behind what was read of item %d of the stream", rest, x.Count())
	}
	return err
}
