package link

import (
	"context"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/internal/wire"
)

// permits finds out whether NATS takes messages on the subject of a method's own: nil if it does, or
// if that can't be known in time.
func (b *bus) permits(ctx context.Context, to *Method, why string) *helium.Error {
	if !b.refuses(ctx, to.Subject, &to.permission) {
		return nil
	}
	return notPermitted(to.Subject, why).WithOutcome(helium.NotExecuted)
}

// permitsControl finds out the same of the control subject of an instance's endpoint.
func (b *bus) permitsControl(ctx context.Context, to *Endpoint, why string) *helium.Error {
	subject := b.subjects.Control(to.Service, to.Instance)
	if !b.refuses(ctx, subject, &to.control) {
		return nil
	}
	return mayNotControl(b.subjects, to.Service, subject, why).WithOutcome(helium.NotExecuted)
}

// refuses reports whether NATS has refused a message on a subject, unless it is known to take them.
func (b *bus) refuses(ctx context.Context, subject string, known *permission) bool {
	epoch := b.epoch.Load()
	if known.permitted.Load() == epoch {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, permitTime)
	defer cancel()
	refusal, err := natsperm.ConfirmPublish(ctx, b.nc, subject, func() error {
		return b.nc.PublishRequest(subject, b.replySubject(0), wire.AppendNothing(wire.AppendMessageHeader(nil)))
	})
	if refusal == nil && err == nil {
		known.permit(epoch)
	}
	return refusal != nil
}

// permitTime bounds the wait for NATS's word on a subject. It takes a round trip.
const permitTime = 2 * time.Second
