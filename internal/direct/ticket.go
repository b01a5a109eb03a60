package direct

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// ticketTime is how long a ticket is good.
	ticketTime = 10 * time.Second
	// maxTickets is how many are kept that nobody has used. Of more the oldest are dropped:
	// whoever may call can ask for many.
	maxTickets = 4096
)

// grant is what a ticket is good for.
type grant struct {
	service string
	client  wire.Fingerprint // whose key asked for it
	secret  wire.Secret
	given   time.Time // from when on the right lasts, however late the ticket is used
}

// tickets are those that were given and not used yet.
type tickets struct {
	mu     sync.Mutex
	byID   map[wire.TicketID]issued // guarded by mu
	issued []wire.TicketID          // guarded by mu; in the order in which they were given, also those that were used
}

type issued struct {
	grant
	until time.Time
}

// issue makes a ticket.
func (t *tickets) issue(service string, client wire.Fingerprint, now time.Time) (id wire.TicketID, secret wire.Secret) {
	id = newTicketID()
	rand.Read(secret[:])
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byID == nil {
		t.byID = make(map[wire.TicketID]issued)
	}
	for len(t.issued) > 0 {
		oldest, open := t.byID[t.issued[0]]
		if open && now.Before(oldest.until) && len(t.issued) < maxTickets {
			break
		}
		delete(t.byID, t.issued[0])
		t.issued = t.issued[1:]
	}
	t.byID[id] = issued{grant{service, client, secret, now}, now.Add(ticketTime)}
	t.issued = append(t.issued, id)
	return id, secret
}

// newTicketID returns a name that callers take.
func newTicketID() (id wire.TicketID) {
	for rand.Read(id[:]); id.EndsLine(); {
		rand.Read(id[:])
	}
	return id
}

// use returns what a ticket is good for. It isn't good again, whatever becomes of it.
func (t *tickets) use(id wire.TicketID, now time.Time) (grant, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.byID[id]
	delete(t.byID, id)
	return one.grant, ok && now.Before(one.until)
}

// ReadTicket reads the answer of an instance that was asked for a ticket. An error that the instance
// answered with is a [*helium.Error].
func ReadTicket(data []byte) (*wire.Ticket, error) {
	frames, err := wire.ReadMessage(data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err != nil {
			break
		}
		switch f.Kind {
		case wire.KindTicket:
			return wire.ReadTicket(f.Body)
		case wire.KindError:
			e, err := wire.ReadError(f.Body)
			if err != nil {
				return nil, err
			}
			return nil, e
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the answer can't be read: %w", err)
	}
	return nil, errNoTicket
}

var errNoTicket = errors.New("the instance gives no ticket")
