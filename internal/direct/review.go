package direct

import (
	"context"
	"time"
)

// reviewEvery is how often rights are looked at whose time may be over.
const reviewEvery = 5 * time.Second

// reviewAll ends the rights that weren't renewed. It looks whether callers could renew them each time,
// and not when a right is over: one that is over a moment after they can again has had no chance.
func (l *Listener) reviewAll() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.running.Go(func() {
		select {
		case <-l.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	ticker := time.NewTicker(reviewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
		}
		open := l.all()
		if len(open) == 0 {
			continue
		}
		reachable, now := l.config.Reachable(ctx), time.Now()
		for _, s := range open {
			s.review(now, !reachable)
		}
	}
}
