package binder

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// limitGrace is how long an answer may still come after NATS has refused some subscription
// of the connection for their number. It doesn't say which.
const limitGrace = 500 * time.Millisecond

const (
	// lateRefusal is how long NATS may take to refuse what was asked, once nobody waits for the answer any more.
	lateRefusal = 5 * time.Second
	// mostLate is how many such refusals are listened for at the same moment, at most.
	mostLate = 64
)

// denials tells of requests that NATS refuses, or the subscriptions to their answers.
type denials struct {
	late atomic.Int32 // requests that nobody waits for, and whose refusals may still come
}

// until returns a context that ends with [helium.ErrRegistryNotPermitted] as soon as NATS refuses
// a request on a subject, or the subscription to its answer: an answer would be waited for
// all the same. stop ends the watch. Without an answer a refusal may still come, of a request that was made
// twice, say: it is no news to the program, whose own handler would be told of it.
func (d *denials) until(ctx context.Context, nc *nats.Conn, subject, inbox string) (watched context.Context, stop func(answered bool)) {
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
	return watched, func(answered bool) {
		cancel(nil)
		if answered {
			watch.Stop()
			return
		}
		end := func() {
			watch.Stop()
			d.late.Add(-1)
		}
		if d.late.Add(1) > mostLate {
			end()
			return
		}
		time.AfterFunc(lateRefusal, end)
	}
}
