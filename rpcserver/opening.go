package rpcserver

import (
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/gather"
)

// sender is what a message says of who sent it.
type sender struct {
	speaks    bool // it says something; then it takes the same from its peer
	abilities wire.Abilities
	clock     uint64 // its number; 0: it says nothing
	chunks    bool   // it takes results in chunks where it sent the message from
	unsure    bool   // its message may have been begun later than is thought; see clocks
}

// opening is what begins the messages of answers to callers that say who they are: who
// answers, and what this server can do.
type opening struct {
	gathered   gather.Errors
	overloaded *overloaded
	begun      [once + 1][]byte // the bytes of it, by how the answers go
}

func newOpening(instance string, abilities wire.Abilities) *opening {
	o := &opening{gathered: gather.NewErrors(instance), overloaded: newOverloaded(instance)}
	for how := range o.begun {
		can := abilities
		switch manner(how) {
		case apart:
			can &^= wire.Heartbeats | wire.Chunks
		case once:
			can = onceOnly(can)
		}
		about := wire.Frame{Kind: wire.KindInstance, Body: []byte(instance), Abilities: can}
		o.begun[how] = wire.AppendFrame(wire.AppendMessageHeader(nil), &about)
	}
	return o
}

// onceOnly returns what is left of abilities where a message of calls gets one of answers.
func onceOnly(abilities wire.Abilities) wire.Abilities {
	return abilities&^(wire.Heartbeats|wire.Streams|wire.ItemParts|wire.LargeStreams|wire.Chunks) | wire.AnswersOnce
}

// size returns how many bytes a message begins with, at most.
func (o *opening) size() int {
	return max(len(o.begun[together]), len(o.begun[apart]), len(o.begun[once]))
}

// begin begins a message of answers that go so.
func (o *opening) begin(m *batch.Message, how manner) {
	m.Data = append(m.Data, o.begun[how]...)
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
