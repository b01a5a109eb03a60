package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// A caller that wants a direct link asks an instance for a ticket, on the instance's own subject
// of a service, and gets what it takes to open a connection there. docs/protocol.md has what
// happens on that; package direct does it.

const (
	// FingerprintSize is how long the fingerprint of a key is, in bytes: a SHA-256 of it.
	FingerprintSize = 32
	// TicketIDSize is how long the name of a ticket is, in bytes.
	TicketIDSize = 16
	// SecretSize is how long the secret of a ticket is, in bytes.
	SecretSize = 32
	// MaxAddresses is how many addresses a ticket may have.
	MaxAddresses = 16
	// MaxAddress is how long one may be, in bytes.
	MaxAddress = 256
)

// Fingerprint tells a key from all others.
type Fingerprint [FingerprintSize]byte

// TicketID names a ticket.
type TicketID [TicketIDSize]byte

// EndsLine reports whether an id has the end of a line. A caller sends it to an address that an instance names,
// before anybody there has proved anything; so that an instance can't have it say lines of its choice to
// whoever else listens there, none has one.
func (id *TicketID) EndsLine() bool { return bytes.ContainsAny(id[:], "\r\n") }

// Secret is what both ends of a ticket prove to know.
type Secret [SecretSize]byte

// Ticket is the right to call a service's methods at one instance over a direct link.
type Ticket struct {
	// Addresses are where the instance listens, in the order in which they are to be tried.
	Addresses []string
	ID        TicketID
	Secret    Secret
	// Server is the fingerprint of the instance's key.
	Server Fingerprint
}

// AppendTicketRequest appends a [KindTicketRequest] of who has the key of a fingerprint.
func AppendTicketRequest(b []byte, client Fingerprint) []byte {
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, 2), uint64(KindTicketRequest))
	return msgpack.AppendBytes(b, client[:])
}

// ReadTicketRequest reads the body of a [KindTicketRequest].
func ReadTicketRequest(body []byte) (client Fingerprint, err error) {
	r := msgpack.NewReader(body)
	if err = readExactly(&r, client[:]); err != nil {
		err = fmt.Errorf("ticket request: fingerprint: %w", err)
	}
	return client, err
}

// AppendTicket appends a [KindTicket].
func AppendTicket(b []byte, t *Ticket) []byte {
	b = msgpack.AppendUint(msgpack.AppendArrayHeader(b, 5), uint64(KindTicket))
	b = msgpack.AppendArrayHeader(b, len(t.Addresses))
	for _, address := range t.Addresses {
		b = msgpack.AppendString(b, address)
	}
	b = msgpack.AppendBytes(b, t.ID[:])
	b = msgpack.AppendBytes(b, t.Secret[:])
	return msgpack.AppendBytes(b, t.Server[:])
}

// ReadTicket reads the body of a [KindTicket]. Addresses that are too long or too many are left
// out.
func ReadTicket(body []byte) (*Ticket, error) {
	t := new(Ticket)
	r := msgpack.NewReader(body)
	n, err := r.ArrayHeader()
	for range n {
		var address string
		if err == nil {
			address, err = r.Text()
		}
		if err != nil {
			break
		}
		if len(address) <= MaxAddress && len(t.Addresses) < MaxAddresses {
			t.Addresses = append(t.Addresses, address)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ticket: addresses: %w", err)
	}
	for _, to := range [][]byte{t.ID[:], t.Secret[:], t.Server[:]} {
		if err := readExactly(&r, to); err != nil {
			return nil, fmt.Errorf("ticket: %w", err)
		}
	}
	if t.ID.EndsLine() {
		return nil, errEndsLine
	}
	return t, nil
}

var errEndsLine = errors.New("ticket: its id has the end of a line, which none has")

var errWrongLength = errors.New("bytes of another length than they have")

// readExactly reads as many bytes as there is room for.
func readExactly(r *msgpack.Reader, to []byte) error {
	b, err := r.Binary()
	if err == nil && len(b) != len(to) {
		err = errWrongLength
	}
	copy(to, b)
	return err
}
