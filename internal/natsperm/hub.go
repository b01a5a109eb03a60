package natsperm

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/nats-io/nats.go"
)

// hub is an error handler of a connection that tells all who listen, and then the handler
// that was there before.
type hub struct {
	nc       *nats.Conn
	handler  nats.ErrHandler // its own, as the connection has it
	previous nats.ErrHandler

	mu        sync.Mutex
	listeners []*listener   // guarded by mu; replaced, never changed
	last      error         // guarded by mu; the latest that all listeners have heard of
	more      chan struct{} // guarded by mu; closed when last changes
	// limits is how often NATS took no more subscriptions. That is always the same error,
	// so the connection's last one doesn't tell whether it is a new one. Guarded by mu.
	limits int
}

// listener is told of an error, and returns whether it is its own to tell of.
type listener struct {
	handle func(error) (own bool)
}

// hubs finds the hub of each connection that somebody listens to.
var hubs = struct {
	sync.Mutex // taken before a hub's
	of         map[*nats.Conn]*hub
}{of: make(map[*nats.Conn]*hub)}

// join adds a listener to the connection's hub. A connection has one, unless its user has
// set a handler in front of it: that one may not pass errors on, so another hub goes there.
func join(nc *nats.Conn, l *listener) *hub {
	hubs.Lock()
	defer hubs.Unlock()
	h := hubs.of[nc]
	if h == nil || !h.isInFront() {
		// Somebody may have closed a connection and listens to it still.
		maps.DeleteFunc(hubs.of, func(nc *nats.Conn, _ *hub) bool { return nc.IsClosed() })
		h = &hub{nc: nc, previous: nc.ErrorHandler(), last: nc.LastError(), more: make(chan struct{})}
		h.handler = h.handle
		nc.SetErrorHandler(h.handler)
		hubs.of[nc] = h
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listeners = append(slices.Clone(h.listeners), l)
	return h
}

// leave takes a listener away, and with the last one the hub. Where a handler stands in
// front of that, it stays behind and only passes errors on.
func (h *hub) leave(l *listener) {
	hubs.Lock()
	defer hubs.Unlock()
	h.mu.Lock()
	h.listeners = slices.DeleteFunc(slices.Clone(h.listeners), func(other *listener) bool { return other == l })
	inUse := len(h.listeners) > 0
	h.mu.Unlock()
	if inUse {
		return
	}
	if hubs.of[h.nc] == h {
		delete(hubs.of, h.nc)
	}
	if h.isInFront() {
		h.nc.SetErrorHandler(h.previous)
	}
}

// isInFront reports whether the connection calls the hub before all other handlers.
func (h *hub) isInFront() bool { return same(h.nc.ErrorHandler(), h.handler) }

// handle is what the connection calls, for one error after the other. A user may have given
// it to another connection too, whose errors are nobody's here.
func (h *hub) handle(nc *nats.Conn, sub *nats.Subscription, err error) {
	own := nc == h.nc && h.tell(sub, err)
	if !own && h.previous != nil {
		h.previous(nc, sub, err)
	}
}

func (h *hub) tell(sub *nats.Subscription, err error) (own bool) {
	if sub == nil && err != nil {
		h.mu.Lock()
		listeners := h.listeners
		h.mu.Unlock()
		for _, l := range listeners {
			own = l.handle(err) || own
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if errors.Is(err, nats.ErrMaxSubscriptionsExceeded) {
		h.limits++
	}
	h.last = err
	close(h.more)
	h.more = make(chan struct{})
	return own
}

// heard returns what the listeners have heard of by now, and what is closed when there is
// more of it.
func (h *hub) heard() (limits int, more <-chan struct{}, last error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.limits, h.more, h.last
}
