package rpcclient

import (
	"errors"
	"strconv"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// destination is where calls go that may share messages: a service, or one instance of
// it.
type destination struct {
	core     *core
	service  string
	instance string // "" for any
	shared   string // the subject of messages whose calls are of several methods
	outbox   *wire.Outbox

	mu       sync.Mutex
	subjects map[string]string       // guarded by mu; of methods
	byMethod map[string]*wire.Outbox // guarded by mu; for a service whose shared subject is off
}

type destinationKey struct{ service, instance string }

func (c *core) destination(s *service, instance string) *destination {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := destinationKey{s.name, instance}
	d := c.destinations[key]
	if d == nil {
		d = &destination{
			core: c, service: s.name, instance: instance,
			shared:   c.subjects.Service(s.name),
			subjects: make(map[string]string),
			byMethod: make(map[string]*wire.Outbox),
		}
		if instance != "" {
			d.shared = c.subjects.At(instance, s.name, "")
		}
		d.outbox = d.newOutbox()
		c.destinations[key] = d
	}
	return d
}

func (d *destination) newOutbox() *wire.Outbox {
	return wire.NewOutbox(int(d.core.payload.Load()), d.publish)
}

// outbox returns the outbox that the method's calls leave by.
func (m *Method) outbox(r *route) *wire.Outbox {
	d := m.destination
	if !r.perMethod && !m.service.sharedDenied.Load() {
		return d.outbox
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.byMethod[m.name]
	if o == nil {
		o = d.newOutbox()
		d.byMethod[m.name] = o
	}
	return o
}

// subject returns where calls of a method go; "" stands for several methods.
func (d *destination) subject(method string) string {
	if method == "" {
		return d.shared
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	subject := d.subjects[method]
	if subject == "" {
		if subject = d.core.subjects.Call(d.service, method); d.instance != "" {
			subject = d.core.subjects.At(d.instance, d.service, method)
		}
		d.subjects[method] = subject
	}
	return subject
}

// publish sends a message of calls.
func (d *destination) publish(m *wire.Message) {
	c := d.core
	c.counters.frames.Add(uint64(m.Frames))
	c.counters.messages.Add(1)
	err := c.nc.PublishRequest(d.subject(m.Method), c.replySubject(m.ID), m.Data)
	if err != nil {
		c.failMessage(m.ID, notSent(err))
	}
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
	reason := err.Error()
	switch {
	case errors.Is(err, nats.ErrReconnectBufExceeded), errors.Is(err, nats.ErrConnectionReconnecting), errors.Is(err, nats.ErrDisconnected):
		reason = "the connection to NATS is down; it is opened again by itself"
	case errors.Is(err, nats.ErrConnectionClosed):
		reason = "the connection to NATS is closed; connect again and make a new client"
	case errors.Is(err, nats.ErrConnectionDraining):
		reason = "the connection to NATS is being drained"
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge.WithMessage("the NATS server takes no message of that size").WithOutcome(helium.NotExecuted)
	}
	return ErrNotSent.WithMessage("the call couldn't be sent: %s", reason).WithOutcome(helium.NotExecuted)
}
