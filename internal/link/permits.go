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
	return b.permitsOn(ctx, to.Subject, &to.permission, why)
}

// permitsControl finds out the same of the control subject of an instance's endpoint.
func (b *bus) permitsControl(ctx context.Context, to *Endpoint, why string) *helium.Error {
	return b.permitsOn(ctx, b.subjects.Control(to.Service, to.Instance), &to.control, why)
}

func (b *bus) permitsOn(ctx context.Context, subject string, known *permission, why string) *helium.Error {
	epoch := b.epoch.Load()
	if known.permitted.Load() == epoch {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, permitTime)
	defer cancel()
	refusal, err := natsperm.ConfirmPublish(ctx, b.nc, subject, func() error {
		return b.nc.PublishRequest(subject, b.replySubject(0), wire.AppendNothing(wire.AppendMessageHeader(nil)))
	})
	switch {
	case refusal != nil:
		return notPermitted(subject, why).WithOutcome(helium.NotExecuted)
	case err == nil:
		known.permit(epoch)
	}
	return nil
}

// permitTime bounds the wait for NATS's word on a subject. It takes a round trip.
const permitTime = 2 * time.Second
