package direct

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// hostTime is how long a connection on the same host may take, dialTime any other.
	hostTime = time.Second
	dialTime = 3 * time.Second
	// openingMargin is how long before its context a connection ends that doesn't open: that it timed out
	// says more than that it was closed.
	openingMargin = 10 * time.Millisecond
)

// Stage is how far a client has got on its way to a link with an instance.
type Stage string

// The stages, in order.
const (
	StageTicket    Stage = "ticket"    // it asks for one
	StageReachable Stage = "reachable" // it dials the addresses
	StageTLS       Stage = "tls"       // both ends shake hands
	StageProof     Stage = "proof"     // both prove to know the ticket's secret
	StageLinked    Stage = "linked"    // calls go by the link
)

// stageError is an error at a stage.
type stageError struct {
	stage Stage
	err   error
}

func (e *stageError) Error() string { return e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

func at(stage Stage, err error) error {
	if err == nil {
		return nil
	}
	return &stageError{stage, err}
}

var (
	errNoAddress = errors.New("the ticket has no address, as of a server that takes links from its own program alone")
	errPlain     = errors.New("the address isn't encrypted, and this client's connection to NATS is")
)

// dialer dials servers for a client.
type dialer struct {
	identity *Identity
	secure   func() bool // whether plain connections that leave the host are refused
}

// question asks for a ticket for this client.
func (d *dialer) question() []byte {
	return wire.AppendTicketRequest(wire.AppendMessageHeader(nil), d.identity.Fingerprint)
}

// dial opens a connection by a ticket, at the first of its addresses that works. It returns that
// address too, and beside an error the first one.
func (d *dialer) dial(ctx context.Context, instance string, ticket *wire.Ticket) (*conn, string, error) {
	if raw := meetings.meet(instance); raw != nil {
		c, err := d.open(ctx, raw, false, ticket)
		return c, "this process", err
	}
	return d.dialAny(ctx, ticket)
}

// dialAny opens a connection by a ticket, at the first of its addresses that works. Each has its share of the
// time for which the ticket is good, or addresses where nobody says anything would use up that of the others.
func (d *dialer) dialAny(ctx context.Context, ticket *wire.Ticket) (*conn, string, error) {
	if len(ticket.Addresses) == 0 {
		return nil, "", at(StageReachable, errNoAddress)
	}
	var first error
	end := time.Now().Add(ticketTime)
	for i, text := range ticket.Addresses {
		share, cancel := context.WithTimeout(ctx, time.Until(end)/time.Duration(len(ticket.Addresses)-i))
		c, err := d.try(share, text, ticket)
		cancel()
		if err == nil {
			return c, text, nil
		}
		if first == nil {
			first = fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil, ticket.Addresses[0], first
}

// try opens a connection at one address. Behind one of the loopback there may be a forwarder, and behind
// that a server on another host, which takes TLS alone and says so.
func (d *dialer) try(ctx context.Context, text string, ticket *wire.Ticket) (*conn, error) {
	a, err := ParseAddress(text)
	if err != nil {
		return nil, at(StageReachable, err)
	}
	if !a.OnHost() {
		if _, err := d.beyond(a, false); err != nil {
			return nil, err
		}
	}
	c, err := d.tryAt(ctx, a, a.Encrypted(), ticket)
	if errors.Is(err, errWantsTLS) {
		return d.tryAt(ctx, a, true, ticket)
	}
	return c, err
}

// tryAt opens a connection at an address, with TLS or without.
func (d *dialer) tryAt(ctx context.Context, a Address, encrypted bool, ticket *wire.Ticket) (*conn, error) {
	limit := dialTime
	if a.OnHost() {
		limit = hostTime
	}
	dialing, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAlive, Interval: keepAlive, Count: 3}}
	socket, err := dialer.DialContext(dialing, a.Network, a.Where)
	if err != nil {
		return nil, at(StageReachable, err)
	}
	if a.Network == "tcp" && !isLoopbackAddr(socket.RemoteAddr()) { // "localhost" may be another host
		if encrypted, err = d.beyond(a, encrypted); err != nil {
			socket.Close()
			return nil, err
		}
	}
	return d.open(ctx, newOutlet(socket, allLinks), encrypted, ticket)
}

// beyond returns whether a connection that leads beyond this host is encrypted, or why there is to be none.
func (d *dialer) beyond(a Address, encrypted bool) (bool, error) {
	if a.Plain && d.secure() {
		return false, at(StageReachable, errPlain)
	}
	return encrypted || !a.Plain, nil
}

// open opens a connection.
func (d *dialer) open(ctx context.Context, raw rawConn, encrypted bool, ticket *wire.Ticket) (*conn, error) {
	c := newConn(raw)
	limit := openingTime
	if end, bounded := ctx.Deadline(); bounded {
		limit = min(limit, time.Until(end)-openingMargin)
	}
	c.within(limit)
	interrupt := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer interrupt()
	if encrypted {
		t := d.identity.client(raw, ticket.Server)
		if err := t.Handshake(); err != nil {
			_ = raw.Close()
			return nil, at(StageTLS, tlsError(err))
		}
		c.socket = t
	}
	session, err := open(c.socket, ticket, d.identity.Fingerprint)
	if err != nil {
		_ = raw.Close()
		return nil, at(StageProof, err)
	}
	c.session = session
	return c, nil
}

func tlsError(err error) error {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return fmt.Errorf("who listens there doesn't speak TLS: %w", err)
	}
	return err
}

// stageOf returns the stage of an error.
func stageOf(err error) Stage {
	if at, ok := errors.AsType[*stageError](err); ok {
		return at.stage
	}
	return StageTicket
}
