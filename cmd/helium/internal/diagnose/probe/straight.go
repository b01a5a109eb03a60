package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// Straight is what came of trying to open a direct link to an instance. No call went by it.
type Straight struct {
	// Ticket is what the instance gave; nil with NoTicket, which says why.
	Ticket   *wire.Ticket
	NoTicket error
	// Denied: the connection's user may not ask for one, in NATS's words.
	Denied bool
	// Asked is how long the question took.
	Asked time.Duration
	// Opened is what came of the ticket.
	direct.Opened

	instance string
}

// Instance is the name of who was asked.
func (s *Straight) Instance() string { return s.instance }

// Linked reports whether calls can go by such a link.
func (s *Straight) Linked() bool { return s.NoTicket == nil && s.Err == nil }

// Reason is why no link can be opened; nil: one can.
func (s *Straight) Reason() error {
	if s.NoTicket != nil {
		return s.NoTicket
	}
	return s.Err
}

// Straights tries to open direct links.
type Straights struct {
	prober *Prober
	tryout *direct.Tryout
}

// Straight returns who tries to open direct links, under the rules for clients of the connection.
func (p *Prober) Straight() (*Straights, error) {
	tryout, err := direct.NewTryout(link.IsEncrypted(p.nc))
	return &Straights{p, tryout}, err
}

// Unasked returns what is known of an instance that wasn't asked.
func Unasked(instance string) *Straight {
	return &Straight{instance: instance, Opened: direct.Opened{Stage: direct.StageTicket}}
}

// Ask asks an instance for a ticket.
func (s *Straights) Ask(ctx context.Context, service, instance string) *Straight {
	a := Unasked(instance)
	began := time.Now()
	a.Ticket, a.NoTicket = s.ask(ctx, s.prober.subjects.ServiceAt(service, instance), a)
	a.Asked = time.Since(began)
	return a
}

func (s *Straights) ask(ctx context.Context, subject string, a *Straight) (*wire.Ticket, error) {
	denied, err := s.prober.MayPublish(ctx, subject)
	if err != nil {
		return nil, err
	}
	if denied != nil {
		a.Denied = true
		return nil, fmt.Errorf("this user may not ask for a ticket: it may not publish to %s", subject)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketTime)
	defer cancel()
	m, err := Request(ctx, s.prober.nc, subject, s.tryout.Question())
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("nobody listens on %s", subject)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return nil, fmt.Errorf("nobody answered on %s", subject)
	case err != nil:
		return nil, err
	}
	ticket, err := direct.ReadTicket(m.Data)
	if e, ok := errors.AsType[*helium.Error](err); ok {
		return nil, fmt.Errorf("it refuses: %s", e.Message)
	}
	return ticket, err
}

// ticketTime is how long an instance may take to give a ticket.
const ticketTime = 3 * time.Second

// Open opens a link by the ticket, if there is one, and closes it again.
func (s *Straights) Open(ctx context.Context, a *Straight) {
	if a.Ticket != nil {
		a.Opened = s.tryout.Open(ctx, a.Ticket)
	}
}

// AtOnce is for how many things EachOf does something at the same moment.
const AtOnce = 64

// EachOf calls do for each of some things, many at once, and returns when all are done.
func EachOf[T any](things []T, do func(T)) {
	room := make(chan struct{}, AtOnce)
	var all sync.WaitGroup
	for _, one := range things {
		room <- struct{}{}
		all.Go(func() {
			do(one)
			<-room
		})
	}
	all.Wait()
}
