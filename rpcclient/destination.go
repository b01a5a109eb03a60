package rpcclient

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
)

// destination is where calls go that may share messages: a service, or one instance of
// it.
type destination struct {
	core     *core
	service  *service
	instance string // "" for any
	shared   string // the subject of messages whose calls are of several methods
	outbox   *batch.Batcher

	sharedProven atomic.Uint64 // the core.epoch in which such a message was last answered
	sharedDenied atomic.Uint64 // the core.epoch in which NATS last refused one

	mu    sync.Mutex
	paths map[string]*path // guarded by mu; by method
}

// path is how calls of one method leave for a destination, and what was learnt from
// those that did.
type path struct {
	destination *destination
	subject     string
	nanos       atomic.Int64                  // the handler's expected time; 0: unknown yet
	proven      atomic.Uint64                 // the core.epoch in which a message on the subject was last answered
	alone       atomic.Pointer[batch.Batcher] // of this method only; nil until needed
	stream      atomic.Pointer[string]        // the JetStream stream that acknowledged a message of its calls; nil: none
}

// destination returns where calls go to an instance, or with "" to any.
func (s *service) destination(instance string) *destination {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.destinations[instance]
	if d == nil {
		d = s.newDestination(instance)
		s.destinations[instance] = d
	}
	return d
}

func (s *service) newDestination(instance string) *destination {
	d := &destination{
		core: s.core, service: s, instance: instance,
		shared: s.core.subjects.Service(s.name),
		paths:  make(map[string]*path),
	}
	if instance != "" {
		d.shared = s.core.subjects.ServiceAt(s.name, instance)
	}
	d.outbox = d.newOutbox()
	return d
}

func (d *destination) newOutbox() *batch.Batcher {
	return batch.New(int(d.core.payload.Load()), d.publish)
}

// path returns the path of a method, which the registry has been seen to know.
func (d *destination) path(method string) *path {
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.paths[method]
	if p == nil {
		p = d.newPath(method)
		d.paths[method] = p
	}
	return p
}

// newPath is path for a method that the registry doesn't know: nobody keeps it.
func (d *destination) newPath(method string) *path {
	subject := d.core.subjects.Method(d.service.name, method)
	if d.instance != "" {
		subject = d.core.subjects.MethodAt(d.service.name, d.instance, method)
	}
	return &path{destination: d, subject: subject}
}

// subject returns the subject of a method's own.
func (d *destination) subject(method string) string {
	d.mu.Lock()
	p := d.paths[method]
	d.mu.Unlock()
	if p == nil {
		p = d.newPath(method)
	}
	return p.subject
}

// outbox returns the outbox that calls on a path leave by: the one that all methods
// share, unless they are to go alone, or NATS forbids sharing.
func (p *path) outbox(alone bool) *batch.Batcher {
	d := p.destination
	if !alone && d.sharedDenied.Load() != d.core.epoch.Load() {
		return d.outbox
	}
	if p.alone.Load() == nil {
		p.alone.CompareAndSwap(nil, d.newOutbox())
	}
	return p.alone.Load()
}

// publish sends a message of calls.
func (d *destination) publish(m *batch.Message) {
	c := d.core
	shared := m.Method == ""
	subject := d.shared
	if !shared {
		subject = d.subject(m.Method)
	}
	c.counters.frames.Add(uint64(m.Frames))
	c.counters.messages.Add(1)
	c.sent.leaving(m.ID, shared)
	losses := c.losses.Load()
	if err := c.hand(subject, m); err != nil {
		c.failMessage(m.ID, notSent(err))
		return
	}
	c.sent.taken(m.ID)
	if c.losses.Load() != losses {
		// Whoever handled the loss of the connection may not have seen that this
		// message was taken; see lost.
		c.failMessage(m.ID, helium.ErrDisconnected.WithOutcome(helium.Unknown))
	}
}

// hand hands a message to the connection.
func (c *core) hand(subject string, m *batch.Message) error {
	if c.keepsLate && !c.nc.IsConnected() {
		return nats.ErrConnectionReconnecting
	}
	return c.nc.PublishRequest(subject, c.replySubject(m.ID), m.Data)
}

// replySubject returns where a message's calls are answered. Its last token begins with
// "+": the answers to one message may come on the reply subject of another. Its number
// tells which message found nobody, as NATS doesn't say.
func (c *core) replySubject(message uint64) string {
	b := make([]byte, 0, len(c.inbox)+16)
	b = append(b, c.inbox...)
	b = append(b, ".+"...)
	return string(strconv.AppendUint(b, message, 36))
}

// notSent explains why the connection didn't take a message. With Helium's connection
// rules nothing waits in a buffer, so nothing is sent late.
func notSent(err error) *helium.Error {
	var reason string
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting):
		reason = "the connection to NATS is down; it is opened again by itself"
	case errors.Is(err, nats.ErrConnectionClosed):
		reason = "the connection to NATS is closed; connect again and make a new client"
	case errors.Is(err, nats.ErrConnectionDraining):
		reason = "the connection to NATS is being drained; connect again and make a new client"
	case errors.Is(err, nats.ErrMaxPayload):
		return helium.ErrTooLarge.WithMessage("the NATS server takes no message of that size").WithOutcome(helium.NotExecuted)
	default:
		// The socket failed under the write; the server may have got all of it.
		return helium.ErrDisconnected.WithMessage("the connection to NATS failed while the call was being sent; nobody can tell whether it ran: %w", err).WithOutcome(helium.Unknown)
	}
	return helium.ErrNotSent.WithMessage("the call couldn't be sent: %s", reason).WithOutcome(helium.NotExecuted)
}

// work returns how long a server is expected to be busy with a call.
func (p *path) work() time.Duration {
	if nanos := p.nanos.Load(); nanos > 0 {
		return time.Duration(nanos)
	}
	return batch.UnknownWork
}

// observe takes in the handler's time of one more call, in microseconds. The
// expectation rises fast and sinks slowly: taking a slow method for a quick one makes
// calls wait behind it, the other way round only costs messages. No single call moves it
// far, not even the first: one that was interrupted says little of the others.
func (p *path) observe(micros uint64) {
	const longest = uint64(time.Hour / time.Microsecond)
	took := max(int64(min(micros, longest))*int64(time.Microsecond), int64(batch.MinWork))
	expected := p.nanos.Load()
	if expected == 0 {
		expected = int64(batch.UnknownWork)
	}
	switch took = min(took, 8*expected); {
	case took > expected:
		p.nanos.Store(expected + (took-expected+3)/4)
	case took < expected:
		p.nanos.Store(expected - (expected-took+7)/8)
	}
}
