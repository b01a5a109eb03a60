package direct

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// linked is a service whose calls go by a link, or went.
type linked struct {
	number uint16
	over   bool // no new calls of it: those that the other end has taken go on
	has    func(method string) bool
	lacks  *sync.Map // methods that the instance said it lacks
}

// clientLink is a connection as its client has it; see link.Link. It leads to one instance.
type clientLink struct {
	*conn
	instance string
	address  string // that was dialed
	server   wire.Fingerprint
	log      *boundedLog // the client's
	receiver *link.Receiver
	rerouted func()              // called when it reaches something else than before
	broken   func(l *clientLink) // called once when it has ended; it closes the connection

	services atomic.Pointer[map[string]*linked] // by name; replaced with mu
	away     atomic.Bool                        // no more calls go by it

	mu      sync.Mutex
	ended   error                         // guarded by mu; why it has
	waiting map[wire.TicketID]chan uint16 // guarded by mu; for the answers to further tickets

	// Of Beat, which is called by one goroutine at a time:
	silence silence // while it is busy
	wasBusy bool
	pings   uint64
}

var _ link.Link = (*clientLink)(nil)

// takeTime is how long the other end may take to take a further ticket.
const takeTime = 5 * time.Second

// errSilent is why a connection is broken by whose other end nothing comes.
var errSilent = errors.New("nothing has come for 1.5 s, though the other end was asked for a sign; it is frozen, or cut off")

// reach has the link reach a service, by the number that the other end gave it.
func (l *clientLink) reach(service string, number uint16, has func(method string) bool) {
	l.mu.Lock()
	services := make(map[string]*linked)
	if before := l.services.Load(); before != nil {
		maps.Copy(services, *before)
	}
	lacks := new(sync.Map)
	if before := services[service]; before != nil {
		lacks = before.lacks
	}
	services[service] = &linked{number: number, has: has, lacks: lacks}
	l.services.Store(&services)
	l.mu.Unlock()
	l.rerouted()
}

// leave has no more calls of a service go by the link. What is to be said of those that the other end
// has taken still does.
func (l *clientLink) leave(service string) {
	l.mu.Lock()
	services := maps.Clone(*l.services.Load())
	if s := services[service]; s != nil {
		left := *s
		left.over = true
		services[service] = &left
	}
	l.services.Store(&services)
	l.mu.Unlock()
	l.rerouted()
}

// takes reports whether the link has the right to calls of a service.
func (l *clientLink) takes(service string) bool {
	s := (*l.services.Load())[service]
	return s != nil && !s.over
}

// Reaches implements link.Link.
func (l *clientLink) Reaches(to *link.Endpoint, method string) bool {
	if l.away.Load() || to.Instance != "" && to.Instance != l.instance {
		return false
	}
	s := (*l.services.Load())[to.Service]
	if s == nil || s.over {
		return false
	}
	if method == "" {
		return true
	}
	_, lacks := s.lacks.Load(method)
	return !lacks && s.has(method)
}

// Instance implements link.Link.
func (l *clientLink) Instance() string { return l.instance }

// Send implements link.Link.
func (l *clientLink) Send(to *link.Endpoint, m *batch.Message) *helium.Error {
	s := (*l.services.Load())[to.Service]
	if s == nil || s.over || l.away.Load() {
		return errGone
	}
	f := frame{kind: kindCalls, service: s.number, token: m.Token, method: []byte(m.Method)}
	switch err := l.writeCalls(&f, m); err {
	case nil:
		return nil
	case errClogged, errLeaving:
		return errGone
	default:
		l.end(err)
		return helium.ErrDisconnected.WithMessage("the direct link to instance %q failed while the call was being sent"+link.Unsettled+": %w", l.instance, err).WithOutcome(helium.Unknown)
	}
}

// errGone is the error of calls that the link doesn't take, and that go by the bus.
var errGone = helium.ErrNotSent.WithMessage("the direct link takes no more calls").WithOutcome(helium.NotExecuted)

// Received implements link.Link.
func (l *clientLink) Received(*link.Call) {}

// Answered implements link.Link.
func (l *clientLink) Answered(c *link.Call, e *helium.Error) {
	if e == nil || e.Outcome != helium.NotExecuted || !errors.Is(e, helium.ErrNoMethod) {
		return
	}
	if s := (*l.services.Load())[c.To.Endpoint.Service]; s != nil {
		s.lacks.Store(c.To.Name, true)
		l.rerouted()
	}
}

// Cancel implements link.Link: the one instance that has the call is told.
func (l *clientLink) Cancel(c *link.Call, _ []string, timeOver bool) {
	if s := (*l.services.Load())[c.To.Endpoint.Service]; s != nil {
		_ = l.write(&frame{kind: kindCancels, service: s.number}, link.CancelOf(c.Seq(), timeOver)) // if it fails, so does the call there
	}
}

// Control implements link.Link.
func (l *clientLink) Control(c *link.Call, _ string, _ uint64, data []byte) *helium.Error {
	s := (*l.services.Load())[c.To.Endpoint.Service]
	if s == nil {
		return errGone
	}
	if err := l.write(&frame{kind: kindCancels, service: s.number}, data); err != nil {
		return errGone // as the connection has ended, so has the call
	}
	return nil
}

// Beat implements link.Link. The other end is asked for a sign whether others come or not, so that
// silence begins no more than one beat before it is counted.
func (l *clientLink) Beat(busy, late bool) {
	silent := l.silence.beat(l.heard.Load(), !busy || !l.wasBusy || late)
	l.wasBusy = busy
	switch {
	case silent >= silentBeats:
		l.end(errSilent)
	case busy:
		l.pings++
		_ = l.write(&frame{kind: kindPing, token: l.pings}, nil) // if it fails, reading fails as well
	}
}

// Close implements link.Link.
func (l *clientLink) Close() { l.end(errClientClosed) }

var errClientClosed = errors.New("the client was closed")

// read takes in what comes until the connection ends.
func (l *clientLink) read() {
	for {
		var f frame
		for {
			if err := l.reader.next(&f); err != nil {
				l.end(err)
				return
			}
			if f.kind != kindAnswers {
				break
			}
			if err := l.receiver.Receive(f.message, f.token); err != nil {
				l.log.note("an answer by a direct link breaks the protocol", err, "instance", l.instance)
			}
		}
		switch f.kind {
		case kindPing:
			_ = l.write(&frame{kind: kindPong, token: f.token}, nil)
		case kindGoodbye:
			l.away.Store(true)
			l.rerouted()
			l.goodbye()
		case kindOver:
			for service, s := range *l.services.Load() {
				if s.number == f.service {
					l.leave(service)
				}
			}
		case kindTaken:
			l.mu.Lock()
			waiting := l.waiting[f.id]
			delete(l.waiting, f.id)
			l.mu.Unlock()
			select {
			case waiting <- f.service:
			default: // nobody waits, or the end was faster
			}
		}
	}
}

// firstTaken waits for the frame that takes the ticket with which the connection opened.
func (l *clientLink) firstTaken(id wire.TicketID) (number uint16, err error) {
	var f frame
	switch err := l.reader.next(&f); {
	case err != nil:
		return 0, fmt.Errorf("the server doesn't let the connection in: %w", err)
	case f.kind != kindTaken || f.id != id || f.service == 0:
		return 0, errNotTaken
	}
	return f.service, nil
}

var errNotTaken = errors.New("the server doesn't take the ticket")

// further has the other end take a further ticket, and returns the number of its service.
func (l *clientLink) further(ticket *wire.Ticket) (number uint16, err error) {
	waiting := make(chan uint16, 1)
	l.mu.Lock()
	err = l.ended
	if l.waiting == nil {
		l.waiting = make(map[wire.TicketID]chan uint16)
	}
	l.waiting[ticket.ID] = waiting
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, ticket.ID)
	}()
	if err == nil {
		err = l.write(&frame{kind: kindProof, id: ticket.ID, proof: l.session.prove(&ticket.ID, &ticket.Secret)}, nil)
	}
	if err != nil {
		return 0, err
	}
	timer := time.NewTimer(takeTime)
	defer timer.Stop()
	select {
	case number = <-waiting:
		if number == 0 {
			err = errNotTaken
		}
	case <-timer.C:
		err = fmt.Errorf("the server said nothing to the ticket within %v", takeTime)
	}
	return number, err
}

// end ends the link, once, and fails the calls that it has taken.
func (l *clientLink) end(reason error) {
	l.mu.Lock()
	first := l.ended == nil
	if first {
		l.ended = reason
	}
	for _, waiting := range l.waiting {
		select {
		case waiting <- 0:
		default:
		}
	}
	l.mu.Unlock()
	if first {
		l.away.Store(true)
		l.broken(l)
	}
}

// reason returns why the link has ended; nil: it hasn't.
func (l *clientLink) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}
