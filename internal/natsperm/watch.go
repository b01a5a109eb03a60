package natsperm

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Watch hears of every error that NATS tells a connection of and no call returns.
type Watch struct {
	hook   *hook
	handle func(error) bool
	// limited: it heard that NATS takes no more subscriptions. That is always the same
	// error, so the connection's last one doesn't tell whether it is a new one.
	limited atomic.Bool
}

// Listen calls handle for each error that concerns the connection and no subscription's
// messages, violations of permissions above all: one at a time, in the order in which NATS
// told of them, until Stop. If handle returns true, the error is its own to tell of, and
// the handler that the connection had before doesn't get it.
func Listen(nc *nats.Conn, handle func(refusal error) (own bool)) *Watch {
	chains.Lock()
	defer chains.Unlock()
	h := topHook(nc)
	if h == nil {
		h = &hook{nc: nc, previous: nc.ErrorHandler(), last: nc.LastError(), more: make(chan struct{})}
		nc.SetErrorHandler(h.handle)
	}
	w := &Watch{hook: h, handle: handle}
	h.mu.Lock()
	h.watches = append(slices.Clone(h.watches), w)
	h.mu.Unlock()
	return w
}

// Stop ends the watch. One call of its function may still be under way.
func (w *Watch) Stop() {
	h := w.hook
	h.mu.Lock()
	h.watches = slices.DeleteFunc(slices.Clone(h.watches), func(other *Watch) bool { return other == w })
	h.mu.Unlock()
	leave(h.nc)
}

// untold is how long Settle waits for an error that the connection has and no handler is
// told of: one that was there twice, or whose handler somebody has taken away.
const untold = time.Second

// Settle returns once all that NATS has refused before, of what this program sent, was
// told to the watches. An error means that the connection is down, or ctx over.
func (w *Watch) Settle(ctx context.Context) error {
	h := w.hook
	if err := h.nc.FlushWithContext(ctx); err != nil {
		return err
	}
	// What is refused is told before a ping is answered. The connection has the last
	// error by now, and the handler gets it after all those before.
	newest := h.nc.LastError()
	if !isRefusal(newest) {
		return nil
	}
	timer := time.NewTimer(untold)
	defer timer.Stop()
	for {
		h.mu.Lock()
		last, more := h.last, h.more
		h.mu.Unlock()
		if isRefusal(last) && last == newest && (newest != nats.ErrMaxSubscriptionsExceeded || w.limited.Load()) {
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

// hook is this package's link in the chain of a connection's error handlers.
type hook struct {
	nc       *nats.Conn
	previous nats.ErrHandler

	mu      sync.Mutex
	watches []*Watch      // guarded by mu; replaced, never changed
	last    error         // guarded by mu; the latest that all watches have heard of
	more    chan struct{} // guarded by mu; closed when last changes
}

func (h *hook) handle(nc *nats.Conn, sub *nats.Subscription, err error) {
	if top, ok := err.(*whoIsThere); ok {
		top.hook = h
		return
	}
	own := false
	if sub == nil && err != nil {
		h.mu.Lock()
		watches := h.watches
		h.mu.Unlock()
		for _, w := range watches {
			own = w.handle(err) || own
			if errors.Is(err, nats.ErrMaxSubscriptionsExceeded) {
				w.limited.Store(true)
			}
		}
	}
	h.mu.Lock()
	h.last = err
	close(h.more)
	h.more = make(chan struct{})
	h.mu.Unlock()
	if !own && h.previous != nil {
		h.previous(nc, sub, err)
	}
}

// whoIsThere asks a handler, known to be that of some hook, of which one.
type whoIsThere struct{ hook *hook }

func (*whoIsThere) Error() string { return "a question to an error handler of this package" }

// chains is held while links are put on a chain or taken off.
var chains sync.Mutex

// leave takes the links off the connection's chain that nobody watches by any more, as far
// as no other lies above; whoever watches by that one does the rest.
func leave(nc *nats.Conn) {
	chains.Lock()
	defer chains.Unlock()
	for top := topHook(nc); top != nil; top = topHook(nc) {
		top.mu.Lock()
		inUse := len(top.watches) > 0
		top.mu.Unlock()
		if inUse {
			return
		}
		nc.SetErrorHandler(top.previous)
	}
}

// Links returns how many links of this package are on top of a connection's chain of
// error handlers. It is for tests.
func Links(nc *nats.Conn) (n int) {
	chains.Lock()
	defer chains.Unlock()
	handler := nc.ErrorHandler()
	for h := hookOf(nc, handler); h != nil; n++ {
		handler = h.previous
		h = hookOf(nc, handler)
	}
	return n
}

// topHook returns the hook that the connection's error handler belongs to, if any.
func topHook(nc *nats.Conn) *hook { return hookOf(nc, nc.ErrorHandler()) }

func hookOf(nc *nats.Conn, handler nats.ErrHandler) *hook {
	// Functions can't be compared, but methods of one type share their code.
	if handler == nil || reflect.ValueOf(handler).Pointer() != reflect.ValueOf((&hook{}).handle).Pointer() {
		return nil
	}
	var question whoIsThere
	handler(nc, nil, &question)
	return question.hook
}
