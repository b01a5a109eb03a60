package link

import (
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// denials fails the calls that NATS doesn't take. It tells of a publish that isn't permitted by an error that
// names the subject:
//
//	call ─▶ batcher ─▶ NATS ─▶ -ERR 'Permissions Violation for Publish to "helium.call.math.add"'
//	  ▲                                     │
//	  └── denied: fail, or another subject ◀┘
type denials struct {
	receiver *Receiver // of the bus
	subjects wire.Subjects
	epoch    *atomic.Uint64 // of the connection
}

// refused handles a refusal by the NATS server to publish to a subject.
func (d *denials) refused(subject string) {
	calls := d.receiver.inFlight.takeIf(func(c *Call) bool { return d.mayHaveLeftOn(c, subject) })
	for _, c := range calls {
		if c.isReceived() && !d.isControlledOn(c, subject) {
			d.permissionOf(c, subject).permit(d.epoch.Load()) // as it was when the call left, which may be long ago
		}
	}
	denied := make([]*helium.Error, len(calls))
	for i, c := range calls {
		denied[i] = d.denied(c, subject)
	}
	// Which of these calls was refused nobody can tell, but of those that follow all are.
	for _, c := range calls {
		d.permissionOf(c, subject).revoke(d.epoch.Load())
	}
	for i, c := range calls {
		c.Waiter.Fail(denied[i])
	}
}

// permissionOf returns what is known of the permission for a subject that a call left on.
func (d *denials) permissionOf(c *Call, subject string) *permission {
	switch to := c.target(); {
	case subject == to.Endpoint.subject:
		return &to.Endpoint.permission
	case d.isControlledOn(c, subject):
		return &c.To.Endpoint.control
	default:
		return &to.permission
	}
}

// mayHaveLeftOn reports whether the call left on that subject, as far as is known.
func (d *denials) mayHaveLeftOn(c *Call, subject string) bool {
	if c.by != d.receiver.carrier {
		return false
	}
	how := d.receiver.sent.how(c.left.In())
	switch to := c.target(); subject {
	case to.Endpoint.subject:
		return how == together || how == longAgo
	case to.Subject:
		return how == alone || how == longAgo
	}
	return d.isControlledOn(c, subject)
}

// isControlledOn reports whether a call that is in flight can't go on without a control subject: that of the
// instance that has it, where the call is a stream, or its result was asked for.
func (d *denials) isControlledOn(c *Call, subject string) bool {
	_, goesOn := c.Waiter.(Follower)
	if !goesOn && !c.asks {
		return false
	}
	instance := c.To.Endpoint.Instance
	if instance == "" && c.Instance != nil {
		instance = c.Instance.Name
	}
	return instance != "" && subject == d.subjects.Control(c.To.Endpoint.Service, instance)
}

// ErrSharingDenied is the error of an attempt on the subject that all methods share, which
// this connection may not use: each method has one of its own. It is always this one value.
var ErrSharingDenied = helium.ErrNotSent.WithMessage("this connection's user may not send calls of several methods at once").WithOutcome(helium.NotExecuted)

// denied returns the error of a call that the NATS server didn't take. It is certain
// that it didn't run, unless an instance got this one or others on that subject since it was refused last:
// then permissions were changed meanwhile, and this one may have been taken too.
func (d *denials) denied(c *Call, subject string) *helium.Error {
	if d.isControlledOn(c, subject) {
		why := c.Why
		if c.asks {
			why = ", where the parts of a large result are asked for"
		}
		return mayNotControl(d.subjects, c.To.Endpoint.Service, subject, why).WithOutcome(helium.Unknown)
	}
	e, epoch := c.target().Endpoint, d.epoch.Load()
	permitted, how := d.permissionOf(c, subject).permitted.Load(), d.receiver.sent.how(c.left.In())
	if subject == e.subject {
		e.permission.denied.Store(epoch)
	}
	outcome := helium.NotExecuted
	if c.isReceived() || permitted == epoch || how == longAgo {
		outcome = helium.Unknown
	}
	if c.at != nil {
		c.To.addressing.deny()
		c.To.Endpoint.addressing.deny()
		if outcome == helium.NotExecuted {
			return ErrMissed
		}
	}
	if subject == e.subject && outcome == helium.NotExecuted {
		return ErrSharingDenied
	}
	return notPermitted(subject, c.Why).WithOutcome(outcome)
}

// notPermitted says which subject the client would have to publish to, and why that one, if that
// needs an explanation.
func notPermitted(subject, why string) *helium.Error {
	return helium.ErrNotPermitted.WithMessage("this connection's user may not publish to %q%s; allow it to, or connect as another user", subject, why)
}

// mayNotControl is notPermitted for the control subject of an instance, and names what covers those of all that the
// service has: a permission for one of them helps only as long as that runs.
func mayNotControl(subjects wire.Subjects, service, subject, why string) *helium.Error {
	return helium.ErrNotPermitted.WithMessage("this connection's user may not publish to %q%s; allow it to publish to %q, or connect as another user", subject, why, subjects.Control(service, "*"))
}
