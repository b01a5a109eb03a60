package rpcserver

import (
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// ticketGiver answers messages that ask for tickets for direct links. Nil, it doesn't.
type ticketGiver struct {
	// ticket gives one for a service to who has the key of a fingerprint; nil: none are given.
	ticket func(service string, client wire.Fingerprint) *wire.Ticket
	// own returns the subject of the bus where only this instance of a service hears: who may
	// publish there may call all its methods.
	own func(service string) string
}

// answer returns the answer to a message that asks for a ticket, for who has a key; nil: none.
func (t *ticketGiver) answer(in *link.Incoming, client wire.Fingerprint) *batch.Message {
	if t == nil || in.From.Key == nobodysKey || in.Where != t.own(in.Service) {
		return nil
	}
	ticket := t.ticket(in.Service, client)
	if ticket == nil {
		return nil
	}
	return &batch.Message{Frames: 1, Data: wire.AppendTicket(wire.AppendMessageHeader(nil), ticket)}
}
