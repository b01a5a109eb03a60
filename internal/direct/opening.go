package direct

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// A connection opens so, and nothing else is read before:
//
//	client ─▶ magic and version, the ticket's id, a nonce
//	server ─▶ a nonce, its proof
//	client ─▶ its proof
//	server ─▶ a frame that takes the ticket
//
// Both prove to know the ticket's secret, which is never sent.

// magic begins each connection. Its last byte is the version.
var magic = [8]byte{0xC1, 'H', 'e', 'l', 'i', 'u', 'm', 1}

const (
	// openingTime is how long a connection may take to open.
	openingTime   = 5 * time.Second
	helloSize     = len(magic) + wire.TicketIDSize + nonceSize
	challengeSize = nonceSize + len(proof{})
)

var (
	errNotHelium     = errors.New("it doesn't open as a direct link does")
	errVersion       = errors.New("it opens with another version of the protocol")
	errUnknownTicket = errors.New("its ticket isn't one that is open")
	errWrongProof    = errors.New("the other end doesn't know the ticket's secret")
	errWantsTLS      = errors.New("whoever listens there takes TLS alone")
)

// open opens a connection to the server that gave a ticket.
func open(conn net.Conn, ticket *wire.Ticket, client wire.Fingerprint) (session, error) {
	t := transcript{id: ticket.ID, clientKey: client, serverKey: ticket.Server}
	rand.Read(t.client[:])
	hello := make([]byte, 0, helloSize)
	hello = append(hello, magic[:]...)
	hello = append(hello, t.id[:]...)
	if _, err := conn.Write(append(hello, t.client[:]...)); err != nil {
		return session{}, err
	}
	var answer [challengeSize]byte
	switch n, err := io.ReadFull(conn, answer[:]); {
	case err != nil && n == 1 && answer[0] == tlsHandshake:
		return session{}, errWantsTLS
	case err != nil:
		return session{}, fmt.Errorf("whoever listens there doesn't know the ticket: %w", err)
	}
	copy(t.server[:], answer[:])
	if !t.prove(&ticket.Secret, byServer).is(answer[nonceSize:]) {
		return session{}, errWrongProof
	}
	mine := t.prove(&ticket.Secret, byClient)
	if _, err := conn.Write(mine[:]); err != nil {
		return session{}, err
	}
	return t.session(&ticket.Secret), nil
}

// accept lets in who has a ticket. Peer is the key of the other end, nil where none was shown. With
// onlyTLS nobody is let in, but told so.
func accept(conn net.Conn, given *tickets, peer *wire.Fingerprint, server wire.Fingerprint, onlyTLS bool) (grant, wire.TicketID, session, error) {
	fail := func(err error) (grant, wire.TicketID, session, error) {
		return grant{}, wire.TicketID{}, session{}, err
	}
	var hello [helloSize]byte
	// The magic alone first: who speaks another protocol may wait for an answer.
	if _, err := io.ReadFull(conn, hello[:len(magic)]); err != nil {
		return fail(err)
	}
	switch version := len(magic) - 1; {
	case [8]byte(hello[:len(magic)]) == magic:
	case string(hello[:version]) == string(magic[:version]):
		return fail(errVersion)
	default:
		return fail(errNotHelium)
	}
	if _, err := io.ReadFull(conn, hello[len(magic):]); err != nil {
		return fail(err)
	}
	if onlyTLS {
		_, _ = conn.Write([]byte{tlsHandshake})
		return fail(errNotTLS)
	}
	t := transcript{serverKey: server}
	copy(t.id[:], hello[len(magic):])
	copy(t.client[:], hello[len(magic)+wire.TicketIDSize:])
	g, ok := given.use(t.id, time.Now())
	if !ok {
		return fail(errUnknownTicket)
	}
	t.clientKey = g.client
	if peer != nil && *peer != g.client {
		return fail(errWrongKey)
	}
	rand.Read(t.server[:])
	mine := t.prove(&g.secret, byServer)
	if _, err := conn.Write(append(append(make([]byte, 0, challengeSize), t.server[:]...), mine[:]...)); err != nil {
		return fail(err)
	}
	var theirs proof
	if _, err := io.ReadFull(conn, theirs[:]); err != nil {
		return fail(err)
	}
	if !t.prove(&g.secret, byClient).is(theirs[:]) {
		return fail(errWrongProof)
	}
	return g, t.id, t.session(&g.secret), nil
}
