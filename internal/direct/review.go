package direct

import (
	"context"
	"time"
)

// reviewEvery is how often rights are looked at whose time may be over.
const reviewEvery = 5 * time.Second

// reviewAll ends the rights on open connections that weren't renewed, until stop is closed. It looks
// whether callers could renew them each time, and not when a right is over: one that is over a moment
// after they can again has had no chance.
func reviewAll(open func() []*serverLink, reachable func(context.Context) bool, stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	canceled := make(chan struct{})
	go func() {
		defer close(canceled)
		<-stop
		cancel()
	}()
	defer func() { <-canceled }()
	ticker := time.NewTicker(reviewEvery)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		all := open()
		if len(all) == 0 {
			continue
		}
		there, now := reachable(ctx), time.Now()
		for _, s := range all {
			s.review(now, !there)
		}
	}
}
