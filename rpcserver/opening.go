package rpcserver

import (
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// sender is what a message says of who sent it.
type sender struct {
	speaks    bool // it says something; then it takes the same from its peer
	abilities wire.Abilities
	unsure    bool // its message may have been begun later than is thought; see clocks
}

// opening is what begins the messages of answers to callers that say who they are: who
// answers, and what this server can do.
type opening struct {
	instance string
	gathered gatheredErrors
	begun    [once + 1]atomic.Pointer[[]byte] // the bytes of it, by how the answers go
}

func newOpening(instance string, abilities wire.Abilities) *opening {
	o := &opening{instance: instance, gathered: newGatheredErrors(instance)}
	o.declare(abilities)
	return o
}

// declare says what the server can do from now on.
func (o *opening) declare(abilities wire.Abilities) {
	for how := range o.begun {
		can := abilities
		switch manner(how) {
		case apart:
			can &^= wire.Heartbeats
		case once:
			can = onceOnly(can)
		}
		about := wire.Frame{Kind: wire.KindInstance, Body: []byte(o.instance), Abilities: can}
		begun := wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
		o.begun[how].Store(&begun)
	}
}

// onceOnly returns what is left of abilities where a message of calls gets one of answers.
func onceOnly(abilities wire.Abilities) wire.Abilities {
	return abilities&^wire.Heartbeats | wire.AnswersOnce
}

// begin begins a message of answers that go so.
func (o *opening) begin(m *batch.Message, how manner) {
	m.Data = append(m.Data, *o.begun[how].Load()...)
}

// manner is how answers to a message of calls go.
type manner int

const (
	together manner = iota // to a caller who has one inbox for all, and gets heartbeats there
	apart                  // to a caller whose messages have an inbox each, where there are no heartbeats
	once                   // in one message only
)

// mannerOf returns how answers to a message of a caller go.
func mannerOf(from link.Caller) manner {
	switch {
	case from.Once:
		return once
	case from.Ephemeral:
		return apart
	}
	return together
}
