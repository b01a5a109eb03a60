package rpcclient

import (
	"math"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// answer waits for the one answer of a call, the fastest of link's waiters. Whoever ends the
// call writes what it holds and tells done, once an attempt. Done is told once before that, too, if a
// result is announced that comes in chunks, and so has room for two.
type answer struct {
	done    chan struct{}
	err     *helium.Error
	body    []byte // the result
	micros  uint32 // how long the handler ran, as its instance says; beyond what fits, the most
	arrived bool   // from an instance

	metadata []byte // that came beside the result or the error; nil: none. Seldom written
	large    *large // what travels in chunks; nil: nothing does. Seldom written
}

// Arrive implements link.Waiter.
func (a *answer) Arrive(f *wire.Frame, e *helium.Error) {
	a.body, a.err, a.micros, a.arrived = f.Body, e, uint32(min(f.Time, math.MaxUint32)), true
	if f.Metadata != nil {
		a.metadata = f.Metadata
	}
	a.done <- struct{}{}
}

// Fail implements link.Waiter.
func (a *answer) Fail(e *helium.Error) {
	a.err, a.arrived = e, false
	a.done <- struct{}{}
}

// Part implements link.PartWaiter.
func (a *answer) Part(f *wire.Frame) {
	if a.large != nil {
		a.large.take(f)
	} else if f.Kind == wire.KindLargeReply {
		a.large = newLarge(nil)
		a.large.take(f)
		a.done <- struct{}{}
	}
}

// drop lets go of what done tells of an attempt that isn't waited for any more: what was announced, and
// the end if that has come.
func (a *answer) drop(ended bool) {
	if ended {
		<-a.done
	}
	if a.large != nil {
		<-a.done
	}
}

// newDone returns a channel for done.
func newDone() chan struct{} { return make(chan struct{}, 2) }

// takeOver takes what another answer holds.
func (a *answer) takeOver(other *answer) {
	done := a.done
	*a = *other
	a.done = done
}

// isHandlers reports whether the answer is a handler's, be it a result or an error.
func (a *answer) isHandlers() bool { return a.err == nil || a.err.Outcome == helium.Executed }

// reset forgets what an attempt before this one brought.
func (a *answer) reset() { *a = answer{done: a.done} }
