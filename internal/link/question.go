package link

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// question asks whoever listens on a subject, and waits for the answer.
func (b *bus) question(ctx context.Context, subject string, data []byte) ([]byte, *helium.Error) {
	one := &ask{subject: subject, answer: make(chan []byte, 1)}
	number := b.asks.enter(one)
	defer b.asks.drop(func(other *ask) bool { return other == one })
	if !b.nc.IsConnected() {
		return nil, notSent(nats.ErrConnectionReconnecting)
	}
	if err := b.nc.PublishRequest(subject, b.replySubject(number), data); err != nil {
		return nil, notSent(err)
	}
	select {
	case answer := <-one.answer:
		switch one.is.Load() {
		case askNobody:
			return nil, ErrNobody
		case askRefused:
			return nil, helium.ErrNotPermitted.WithMessage("this connection's user may not publish to %q", subject).WithOutcome(helium.NotExecuted)
		}
		return answer, nil
	case <-ctx.Done():
		if stream := one.stream.Load(); stream != nil {
			return nil, helium.ErrDeadline.WithMessage("nobody answered on %q in time, but a stream: %s", subject, wire.Captured(*stream, subject)).WithOutcome(helium.Unknown)
		}
		return nil, helium.ErrDeadline.WithMessage("nobody answered on %q in time", subject).WithOutcome(helium.Unknown)
	}
}
