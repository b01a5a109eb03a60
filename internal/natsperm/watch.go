package natsperm

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
)

// Watch hears of every error that NATS tells a connection of and no call returns.
type Watch struct {
	hub      *hub
	listener *listener
	limits   int // of the hub, when the watch began
}

// Listen calls handle for each error that concerns the connection and no subscription's
// messages, violations of permissions above all: one at a time, in the order in which NATS
// told of them, until Stop. If handle returns true, the error is its own to tell of, and
// the handler that the connection had before doesn't get it.
func Listen(nc *nats.Conn, handle func(refusal error) (own bool)) *Watch {
	l := &listener{handle: handle}
	h := join(nc, l)
	limits, _, _ := h.heard()
	return &Watch{hub: h, listener: l, limits: limits}
}

// Stop ends the watch. One call of its function may still be under way.
func (w *Watch) Stop() { w.hub.leave(w.listener) }

// Listening reports whether a watch of the connection hasn't stopped, unless the user has set
// a handler in front of it. It is for tests.
func Listening(nc *nats.Conn) bool {
	hubs.Lock()
	defer hubs.Unlock()
	return hubs.of[nc] != nil
}

// untold is how long Settle waits for an error that the connection has and no handler is
// told of: one that was there twice, or whose handler somebody has taken away.
const untold = time.Second

// Settle returns once all that NATS has refused before, of what this program sent, was
// told to the watches. An error means that the connection is down, or ctx over.
func (w *Watch) Settle(ctx context.Context) error {
	nc := w.hub.nc
	if err := nc.FlushWithContext(ctx); err != nil {
		return err
	}
	// What is refused is told before a ping is answered. The connection has the last
	// error by now, and the handler gets it after all those before.
	newest := nc.LastError()
	if !isRefusal(newest) {
		return nil
	}
	timer := time.NewTimer(untold)
	defer timer.Stop()
	for {
		limits, more, last := w.hub.heard()
		if last == newest && (newest != nats.ErrMaxSubscriptionsExceeded || limits > w.limits) {
			return nil
		}
		select {
		case <-more:
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
