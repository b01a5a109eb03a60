package binder

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// watchRefusals returns a context that ends with [ErrNotPermitted] as soon as NATS refuses
// a request on a subject, or the subscription to its answers: nats.go would wait for an
// answer all the same. stop ends the watch.
func (c *Client) watchRefusals(ctx context.Context, subject string) (watched context.Context, stop context.CancelCauseFunc) {
	watched, cancel := context.WithCancelCause(ctx)
	inbox := c.nc.Opts.InboxPrefix + "."
	if inbox == "." {
		inbox = "_INBOX."
	}
	watch := natsperm.Listen(c.nc, func(refusal error) (own bool) {
		if refused, ok := natsperm.Publish(refusal); ok && refused == subject {
			cancel(ErrNotPermitted.WithMessage("this user may not publish to %s; allow it to, or connect as another user", subject).WithOutcome(helium.NotExecuted))
			return true
		}
		// nats.go receives all answers to requests on one subscription.
		if refused, ok := natsperm.Subscription(refusal); ok && strings.HasPrefix(refused, inbox) && strings.HasSuffix(refused, ".*") {
			cancel(ErrNotPermitted.WithMessage("this user may not receive answers: it may not subscribe to %s; allow it to, or connect as another user", refused).WithOutcome(helium.Unknown))
			return true
		}
		if errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded) {
			cancel(ErrNotPermitted.WithMessage("this connection may have no more subscriptions, so the binder's answer can't be received; raise max_subscriptions, or the user's limit: %w", refusal).WithOutcome(helium.Unknown))
		}
		return false
	})
	return watched, func(cause error) {
		watch.Stop()
		cancel(cause)
	}
}
