package natsperm

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"
)

// Confirm makes subscriptions and returns once NATS has them all, or what it refused first:
// a subject among ours that isn't permitted, or one more subscription than the connection
// may have, nats.ErrMaxSubscriptionsExceeded, for which no subject is told. Such a refusal
// is told here alone, not to the connection's own error handler as well. err is
// subscribe's own, the connection's, or that of ctx, and may come beside a refusal.
func Confirm(ctx context.Context, nc *nats.Conn, ours func(subject string) bool, subscribe func() error) (refusal, err error) {
	var mu sync.Mutex
	var first error
	watch := Listen(nc, func(told error) (own bool) {
		subject, denied := Subscription(told)
		if own = denied && ours(subject) || errors.Is(told, nats.ErrMaxSubscriptionsExceeded); own {
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = told
			}
		}
		return own
	})
	defer watch.Stop()
	if err := subscribe(); err != nil {
		return nil, err
	}
	err = watch.Settle(ctx)
	mu.Lock()
	defer mu.Unlock()
	return first, err
}
