package natsperm

import (
	"context"
	"errors"
	"sync"

	"github.com/nats-io/nats.go"
)

// Confirm makes subscriptions and returns once NATS has them all. An error is subscribe's
// own, or that of a refusal, which NATS tells later than the call that subscribed and for
// one at a time: a subject among ours that isn't permitted, or the limit of subscriptions,
// nats.ErrMaxSubscriptionsExceeded, for which no subject is told. Refusals are then no
// news for the connection's own error handler. An error that is neither comes from the
// connection or from ctx.
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
