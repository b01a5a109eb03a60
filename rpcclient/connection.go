package rpcclient

import (
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
)

// watchConnection fails the calls in flight when the connection is lost: their answers
// would go nowhere, and nobody should wait for them.
func (c *core) watchConnection() {
	status := c.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED, nats.CLOSED)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := range status {
			if s == nats.CONNECTED {
				c.reconnected()
				continue
			}
			c.failAll(ErrDisconnected.WithOutcome(helium.Unknown))
		}
	}()
	c.onClose(func() {
		c.nc.RemoveStatusListener(status) // closes the channel
		<-done
	})
}

// reconnected takes stock: events may have been missed, and permissions may differ.
func (c *core) reconnected() {
	c.payload.Store(c.nc.MaxPayload())
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.bareNames)
	for _, s := range c.services {
		s.stale.Store(true)
		s.sharedDenied.Store(false)
		s.mu.Lock()
		for _, m := range s.methods {
			m.answered.Store(false)
		}
		s.mu.Unlock()
	}
}

// watchPermissions hears of calls that the NATS server refused to take. It tells the
// connection's error handler only, so the client steps in front of the one there is.
func (c *core) watchPermissions() {
	previous := c.nc.ErrorHandler()
	c.nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) {
		if !c.closed.Load() && errors.Is(err, nats.ErrPermissionViolation) {
			c.refused(err)
		}
		if previous != nil {
			previous(nc, sub, err)
		}
	})
}

// refused fails the calls in flight on a subject that the connection may not publish to.
func (c *core) refused(err error) {
	subject, ok := deniedSubject(err.Error())
	if !ok {
		return
	}
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.sentOn(subject) }) {
		call.finish(nil, call.denied(subject))
	}
}

// deniedSubject reads the subject out of NATS's words, which quote it:
// Permissions Violation for Publish to "helium.call.math.add".
func deniedSubject(violation string) (subject string, ok bool) {
	if !strings.Contains(strings.ToLower(violation), "publish") {
		return "", false
	}
	_, rest, _ := strings.Cut(violation, `"`)
	subject, _, ok = strings.Cut(rest, `"`)
	return subject, ok
}

// sentOn reports whether the call may have left on that subject.
func (call *Invocation) sentOn(subject string) bool {
	d := call.method.destination
	return subject == d.subject(call.method.name) || subject == d.shared && !call.method.service.sharedDenied.Load()
}

// denied returns the error of a call that the NATS server didn't take. It is certain
// that it didn't run unless calls of that method went through before: then permissions
// were changed meanwhile, and this one may have gone through too.
func (call *Invocation) denied(subject string) *helium.Error {
	m := call.method
	outcome := helium.NotExecuted
	if m.state.answered.Load() {
		outcome = helium.Unknown
	}
	if subject == m.destination.shared {
		// Each method has a subject of its own, which may be allowed.
		m.service.sharedDenied.Store(true)
		return ErrNotSent.WithMessage("this connection's user may not publish to %q; calls of different methods don't share messages from now on", subject).WithOutcome(outcome)
	}
	return ErrNotPermitted.WithMessage("this connection's user may not publish to %q; allow it to, or connect as another user", subject).WithOutcome(outcome)
}
