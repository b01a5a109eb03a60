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
	begun    atomic.Pointer[[]byte] // the bytes of it
}

func newOpening(instance string, abilities wire.Abilities) *opening {
	o := &opening{instance: instance}
	o.declare(abilities)
	return o
}

// declare says what the server can do from now on.
func (o *opening) declare(abilities wire.Abilities) {
	about := wire.Frame{Kind: wire.KindInstance, Body: []byte(o.instance), Abilities: abilities}
	begun := wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
	o.begun.Store(&begun)
}

// begin begins a message of answers.
func (o *opening) begin(m *batch.Message) { m.Data = append(m.Data, *o.begun.Load()...) }
