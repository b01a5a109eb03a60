package rpcclient

import (
	"math"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// answer waits for the one answer of a call, the fastest of link's waiters. Whoever ends the
// call writes what it holds and tells done, once an attempt.
type answer struct {
	done    chan struct{}
	err     *helium.Error
	body    []byte // the result
	micros  uint32 // how long the handler ran, as its instance says; beyond what fits, the most
	arrived bool   // from an instance

	metadata []byte // that came beside the result or the error; nil: none. Seldom written
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
