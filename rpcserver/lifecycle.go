package rpcserver

import (
	"context"
	"errors"
	"sync"
)

// lifecycle is how far a server is between its making and its end. Start and Shutdown may be
// called by different goroutines at any moment, several times:
//
//	fresh ── begin ──▶ started ── end, also if Start failed ──▶ stopped
//	  └────────────────────── end ───────────────────────────────▲
//
// An end while a start is under way interrupts it and waits for it; a second end waits for
// the first and returns what that one returned.
type lifecycle struct {
	begun   chan struct{} // closed when a start has done what it could
	open    bool          // whether it has succeeded; read it once begun is closed
	ended   chan struct{} // closed when the server is shut down
	outcome error         // of that; read it once ended is closed

	mu        sync.Mutex
	phase     phase              // guarded by mu
	interrupt context.CancelFunc // guarded by mu; ends a start under way
}

type phase int

const (
	fresh phase = iota
	started
	stopped
)

var errStopped = errors.New("rpcserver: the server was shut down; make a new one with rpcserver.New")

func newLifecycle() *lifecycle {
	return &lifecycle{begun: make(chan struct{}), ended: make(chan struct{})}
}

// hold calls f with the phase, which doesn't change until f returns.
func (l *lifecycle) hold(f func(now phase) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return f(l.phase)
}

// begin enters the phase in which an end has something to do, unless prepare fails. What it
// begins is over with a call of opened; an end before that calls interrupt.
func (l *lifecycle) begin(interrupt context.CancelFunc, prepare func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.phase {
	case started:
		return errors.New("rpcserver: Start was called twice; one server starts once")
	case stopped:
		return errStopped
	}
	if err := prepare(); err != nil {
		return err
	}
	l.phase, l.interrupt = started, interrupt
	return nil
}

// opened ends a start, with success or without. If an end has interrupted it, opened
// waits for that end and reports so.
func (l *lifecycle) opened(ok bool) (interrupted bool) {
	l.open = ok
	close(l.begun)
	l.mu.Lock()
	interrupted = l.phase == stopped
	l.mu.Unlock()
	if interrupted {
		<-l.ended
	}
	return interrupted
}

// end ends the server with stop, which learns whether the start had succeeded and isn't
// called for a server that never started.
func (l *lifecycle) end(ctx context.Context, stop func(ctx context.Context, open bool) error) error {
	l.mu.Lock()
	before, interrupt := l.phase, l.interrupt
	l.phase = stopped
	l.mu.Unlock()

	switch before {
	case fresh:
		close(l.ended)
	case started:
		interrupt()
		<-l.begun
		l.outcome = stop(ctx, l.open)
		close(l.ended)
	case stopped:
		select {
		case <-l.ended: // also if ctx is over, too
			return l.outcome
		default:
		}
		select {
		case <-l.ended:
		case <-ctx.Done():
			return errorf("another Shutdown is under way, and the time to wait for it is over: %w", ctx.Err())
		}
	}
	return l.outcome
}
