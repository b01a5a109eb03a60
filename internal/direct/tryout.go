package direct

import (
	"context"
	"fmt"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// Tryout opens links for people who want to know whether that works, and how long a message takes
// there and back. No call goes by them.
type Tryout struct{ dialer dialer }

// NewTryout returns one. Secure: what leaves the host has to be encrypted.
func NewTryout(secure bool) (*Tryout, error) {
	identity, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	return &Tryout{dialer{identity, func() bool { return secure }}}, nil
}

// Question asks for a ticket that Open takes.
func (t *Tryout) Question() []byte { return t.dialer.question() }

// Opened is what came of opening a link.
type Opened struct {
	// Stage is how far it got: StageLinked, or the one at which Err came.
	Stage Stage
	Err   error
	// Address is where it got to, or the first one if it got to none, and Encrypted whether the
	// connection is TLS.
	Address   string
	Encrypted bool
	// RoundTrip is how long a message took there and back.
	RoundTrip time.Duration
}

// Open opens a link by a ticket, at the first of its addresses that works, and closes it again.
func (t *Tryout) Open(ctx context.Context, ticket *wire.Ticket) Opened {
	c, address, err := t.dialer.dialAny(ctx, ticket)
	if err != nil {
		return Opened{Stage: stageOf(err), Err: err, Address: address}
	}
	l := &clientLink{conn: c}
	defer l.close()
	o := Opened{Stage: StageProof, Address: address, Encrypted: c.encrypted()}
	if _, o.Err = l.firstTaken(ticket.ID); o.Err != nil {
		return o
	}
	if o.RoundTrip, o.Err = l.roundTrip(); o.Err == nil {
		o.Stage = StageLinked
		l.goodbye()
	}
	return o
}

// roundTrip asks the other end for a sign and returns how long that takes.
func (l *clientLink) roundTrip() (time.Duration, error) {
	began := time.Now()
	if err := l.write(&frame{kind: kindPing, token: 1}, nil); err != nil {
		return 0, err
	}
	for {
		var f frame
		switch err := l.reader.next(&f); {
		case err != nil:
			return 0, fmt.Errorf("the connection stands, and no sign comes: %w", err)
		case f.kind == kindPong:
			return time.Since(began), nil
		}
	}
}
