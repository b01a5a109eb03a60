package binder

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// watchRefusals returns a context that ends as soon as NATS refuses this user a publish
// that the store is asked by, or the subscription to its answers: nats.go would wait for
// an answer all the same. Its cause is the error then; see because.
func (b *bucket) watchRefusals(ctx context.Context, needs func(subject string) bool) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	inbox := b.nc.Opts.InboxPrefix + "."
	if inbox == "." {
		inbox = "_INBOX."
	}
	watch := natsperm.Listen(b.nc, func(refusal error) (own bool) {
		if subject, ok := natsperm.Publish(refusal); ok && needs(subject) {
			cancel(helium.ErrStoreRefused.WithMessage("the binder's user may not publish to %s; allow it to, as docs/protocol.md lists under Permissions, or connect the binder as another user: %w", subject, refusal))
			return true
		}
		if subject, ok := natsperm.Subscription(refusal); ok && strings.HasPrefix(subject, inbox) {
			cancel(helium.ErrStoreRefused.WithMessage("the binder's user may not receive answers: it may not subscribe to %s; allow it to, or connect the binder as another user: %w", subject, refusal))
			return true
		}
		if errors.Is(refusal, nats.ErrMaxSubscriptionsExceeded) {
			cancel(helium.ErrStoreRefused.WithMessage("the binder can't hear its store: the connection may have no more subscriptions; raise max_subscriptions, or the user's limit: %w", refusal))
		}
		return false
	})
	return watched, func() {
		watch.Stop()
		cancel(nil)
	}
}

// isAPI reports whether JetStream is asked about the bucket on a subject.
func (b *bucket) isAPI(subject string) bool {
	return strings.HasPrefix(subject, "$JS.API.") && strings.Contains(subject+".", "."+b.stream+".") &&
		!strings.HasPrefix(subject, "$JS.API.CONSUMER.DELETE.")
}

// because returns why a request to the store failed: err, or the refusal that ended it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, helium.ErrStoreRefused) {
		return cause
	}
	return err
}
