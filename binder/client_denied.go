package binder

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// limitGrace is how long an answer may still come after NATS has refused some subscription
// of the connection for their number. It doesn't say which.
const limitGrace = 500 * time.Millisecond

// untilDenied returns a context that ends with [helium.ErrRegistryNotPermitted] as soon as NATS refuses
// a request on a subject, or the subscription to its answer: an answer would be waited for
// all the same. stop ends the watch.
func untilDenied(ctx context.Context, nc *nats.Conn, subject, inbox string) (watched context.Context, stop context.CancelCauseFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	watch := natsperm.Listen(nc, func(refusal error) (own bool) {
		if refused, ok := natsperm.Publish(refusal); ok && refused == subject {
			cancel(helium.ErrRegistryNotPermitted.WithMessage("this user may not publish to %s; allow it to, or connect as another user", subject).WithOutcome(helium.NotExecuted))
			return true
		}
		if refused, ok := natsperm.Subscription(refusal); ok && refused == inbox {
			cancel(helium.ErrRegistryNotPermitted.WithMessage("this user may not receive answers: it may not subscribe to %s; allow it to, or connect as another user", refused).WithOutcome(helium.Unknown))
			return true
		}
		if errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded) {
			time.AfterFunc(limitGrace, func() {
				cancel(helium.ErrRegistryNotPermitted.WithMessage("this connection may have no more subscriptions, so the binder's answer can't be received; raise max_subscriptions, or the user's limit: %w", refusal).WithOutcome(helium.Unknown))
			})
		}
		return false
	})
	return watched, func(cause error) {
		watch.Stop()
		cancel(cause)
	}
}
