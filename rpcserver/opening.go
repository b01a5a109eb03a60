package rpcserver

import (
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// sender is what a message says of who sent it.
type sender struct {
	speaks    bool // it says something; then it takes the same from its peer
	clock     uint64
	said      uint64 // what that clock said when the message was begun, in microseconds
	abilities wire.Abilities

	waited time.Duration // of the message, before this server had it
	unsure bool          // that is the longest that it can be, as the server stood still; see clocks
}

// opening is what begins the messages of answers to callers that say who they are: who
// answers, and what this server can do.
type opening struct {
	instance string
	gathered gatheredErrors
	begun    atomic.Pointer[[]byte] // the bytes of it
	only     atomic.Pointer[[]byte] // where it begins the only message of answers that is taken
}

func newOpening(instance string, abilities wire.Abilities) *opening {
	o := &opening{instance: instance, gathered: newGatheredErrors(instance)}
	o.declare(abilities)
	return o
}

// declare says what the server can do from now on.
func (o *opening) declare(abilities wire.Abilities) {
	begun, only := o.with(abilities), o.with(onceOnly(abilities))
	o.begun.Store(&begun)
	o.only.Store(&only)
}

func (o *opening) with(abilities wire.Abilities) []byte {
	about := wire.Frame{Kind: wire.KindInstance, Body: []byte(o.instance), Abilities: abilities}
	return wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
}

// onceOnly returns what is left of abilities where a message of calls gets one of answers.
func onceOnly(abilities wire.Abilities) wire.Abilities {
	return abilities&^wire.Heartbeats | wire.AnswersOnce
}

// begin begins a message of answers, once if it is the only one that is taken.
func (o *opening) begin(m *batch.Message, once bool) {
	begun := &o.begun
	if once {
		begun = &o.only
	}
	m.Data = append(m.Data, *begun.Load()...)
}
