package rpcclient

import (
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// NATS tells of a publish that isn't permitted by an error that names the subject:
//
//	call ─▶ outbox ─▶ NATS ─▶ -ERR 'Permissions Violation for Publish to "helium.call.math.add"'
//	  ▲                                     │
//	  └── denied: fail, or another subject ◀┘

// watchPermissions hears, until the client is closed, of what NATS refuses it.
func (c *core) watchPermissions() {
	watch := natsperm.Listen(c.nc, func(refusal error) bool {
		if subject, ok := natsperm.Publish(refusal); ok {
			c.refused(subject)
		}
		return false
	})
	c.onClose(watch.Stop)
}

// refused handles a refusal by the NATS server to publish to a subject.
func (c *core) refused(subject string) {
	c.refuseQuestions(subject)
	for _, call := range c.inflight.takeIf(func(call *Invocation) bool { return call.mayHaveLeftOn(subject) }) {
		call.finish(nil, call.denied(subject))
	}
}

// mayHaveLeftOn reports whether the call left on that subject, as far as is known.
func (call *Invocation) mayHaveLeftOn(subject string) bool {
	how := call.method.client.sent.how(call.message.Load())
	switch subject {
	case call.path.destination.shared:
		return how == together || how == longAgo
	case call.path.subject:
		return how == alone || how == longAgo
	}
	return false
}

// errOtherSubject is the error of an attempt on the subject that all methods share,
// which this connection may not use: each method has one of its own.
var errOtherSubject = helium.ErrNotSent.WithMessage("this connection's user may not send calls of several methods at once").WithOutcome(helium.NotExecuted)

// denied returns the error of a call that the NATS server didn't take. It is certain
// that it didn't run, unless calls on that subject were answered before: then
// permissions were changed meanwhile, and this one may have been taken too.
func (call *Invocation) denied(subject string) *helium.Error {
	m := call.method
	p, epoch := call.path, m.client.epoch.Load()
	d := p.destination
	proven, how := p.proven.Load(), m.client.sent.how(call.message.Load())
	if subject == d.shared {
		d.sharedDenied.Store(epoch)
		proven = d.sharedProven.Load()
	}
	outcome := helium.NotExecuted
	if proven == epoch || how == longAgo {
		outcome = helium.Unknown
	}
	if subject == d.shared && outcome == helium.NotExecuted {
		return errOtherSubject
	}
	reason := ""
	if d.instance != m.client.instance {
		reason = fmt.Sprintf(", where the call has to go while instances of %q run that have %q with another signature", m.service.name, m.name)
	}
	return helium.ErrNotPermitted.WithMessage("this connection's user may not publish to %q%s; allow it to, or connect as another user", subject, reason).WithOutcome(outcome)
}

// proven takes note that a call was answered, so the subject that it left on is permitted.
func (call *Invocation) proven() {
	c := call.method.client
	epoch := c.epoch.Load()
	switch c.sent.how(call.message.Load()) {
	case together:
		if d := call.path.destination; d.sharedProven.Load() != epoch {
			d.sharedProven.Store(epoch)
		}
	case alone:
		if p := call.path; p.proven.Load() != epoch {
			p.proven.Store(epoch)
		}
	}
}
