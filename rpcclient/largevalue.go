package rpcclient

import (
	"errors"
	"math"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// large is what is under way in chunks of a call: its arguments, its result, or one after the other.
type large struct {
	out      *chunks.Outgoing          // its arguments; nil: they left whole
	reply    atomic.Pointer[announced] // its result; nil: none was announced
	announce chan struct{}             // told when it is
}

// announced is a result that comes in chunks.
type announced struct {
	in       *chunks.Incoming
	metadata []byte
	micros   uint32
	fault    error // why it can't be read
}

// resultLost returns the error of a call that ended after its result was announced, by what ended it.
func resultLost(e *helium.Error) *helium.Error {
	if errors.Is(e, helium.ErrNoInstance) {
		e = helium.ErrDisconnected.WithMessage("its instance is gone")
	}
	e = link.Settled(e, helium.Executed)
	return e.WithMessage("the method ran, and %w: %s", retries.ErrResultLost, e.Message)
}

func newLarge(out *chunks.Outgoing) *large {
	return &large{out: out, announce: make(chan struct{}, 1)}
}

// take takes in what came for the call before its answer.
func (l *large) take(f *wire.Frame) {
	reply := l.reply.Load()
	switch {
	case f.Kind == wire.KindChunkCredit && l.out != nil:
		l.out.Grant(f.Time)
	case f.Kind == wire.KindChunk && reply != nil && reply.fault == nil:
		reply.in.Put(f.Time, f.Body)
	case f.Kind == wire.KindLargeReply && reply == nil:
		extent, err := wire.ReadExtent(f.Body)
		l.reply.Store(&announced{chunks.NewIncoming(extent), f.Metadata, uint32(min(f.Time, math.MaxUint32)), err})
		l.announce <- struct{}{} // once, and there is room
	}
}

// sending returns what tells that more of the arguments may be sent; nil: nothing does.
func (l *large) sending() <-chan struct{} {
	if l.out == nil || l.out.Done() {
		return nil
	}
	return l.out.Granted
}

// isPartial reports whether arguments are missing where they should go, so that nothing can run.
func (l *large) isPartial() bool { return l.out != nil && !l.out.Done() }
