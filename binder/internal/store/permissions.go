package store

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/natsperm"
)

// permissions notice what NATS refuses to a connection that asks the store. nats.go would
// wait for an answer all the same.
type permissions struct {
	nc     *nats.Conn
	stream string
}

// watch returns a context that ends as soon as NATS refuses this user a publish that the
// store is asked by, or the subscription to its answers. Its cause is the error then; see
// because.
func (p permissions) watch(ctx context.Context, needs func(subject string) bool) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	inbox := p.nc.Opts.InboxPrefix + "."
	if inbox == "." {
		inbox = "_INBOX."
	}
	watch := natsperm.Listen(p.nc, func(refusal error) (own bool) {
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
func (p permissions) isAPI(subject string) bool {
	return strings.HasPrefix(subject, "$JS.API.") && strings.Contains(subject+".", "."+p.stream+".") &&
		!strings.HasPrefix(subject, "$JS.API.CONSUMER.DELETE.")
}

// because returns why a request to the store failed: err, or the refusal that ended it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, helium.ErrStoreRefused) {
		return cause
	}
	return err
}
