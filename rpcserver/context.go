package rpcserver

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chunks"
)

// callContext is a handler's context. The standard library's would cost a timer and
// a goroutine's worth of bookkeeping for each call; here the server's one sweep
// keeps the deadlines, and the Done channel is made when somebody asks for it.
//
// It is the one thing that each call allocates, so what few calls need is kept apart. C is
// what it is the context of, and what its Value is for a callKey.
type callContext[C any] struct {
	deadline time.Time
	ended    atomic.Uint32 // why the context has ended, an ending; written with mu
	endless  bool          // deadline is none of its caller's; set before anybody has the context

	mu    sync.Mutex
	call  *C             // guarded by mu; nil once the context has ended with its handler
	extra *contextExtras // guarded by mu; nil until needed
}

// ending is why a context has ended.
type ending uint32

const (
	notEnded ending = iota
	canceled
	exceeded
)

func (e ending) err() error {
	switch e {
	case canceled:
		return context.Canceled
	case exceeded:
		return context.DeadlineExceeded
	}
	return nil
}

// contextExtras are the parts of a callContext that few calls need.
type contextExtras struct {
	received context.Context // answers for the metadata that came with the call; nil: none did
	holds    bool            // the call's arguments came in chunks
	done     chan struct{}   // nil until asked for
	after    []*afterFunc
}

type afterFunc struct{ run func() }

func (c *callContext[C]) extrasLocked() *contextExtras {
	if c.extra == nil {
		c.extra = new(contextExtras)
	}
	return c.extra
}

type callKey struct{}

// Deadline implements context.Context. Every call has one, and a stream that of its caller's context alone:
// what its handler calls without a deadline gets the time of a call.
func (c *callContext[C]) Deadline() (time.Time, bool) {
	if c.endless {
		return time.Time{}, false
	}
	return c.deadline, true
}

// Done implements context.Context.
func (c *callContext[C]) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	extra := c.extrasLocked()
	if extra.done == nil {
		extra.done = make(chan struct{})
		if c.why() != notEnded {
			close(extra.done)
		}
	}
	return extra.done
}

// Err implements context.Context.
func (c *callContext[C]) Err() error {
	if c.why() == notEnded {
		return nil
	}
	c.mu.Lock() // so who ends it has closed its channel
	defer c.mu.Unlock()
	return c.why().err()
}

func (c *callContext[C]) why() ending { return ending(c.ended.Load()) }

// Value implements context.Context.
func (c *callContext[C]) Value(key any) any {
	c.mu.Lock()
	call, received, holds := c.call, context.Context(nil), false
	if c.extra != nil {
		received, holds = c.extra.received, c.extra.holds
	}
	c.mu.Unlock()
	switch key.(type) {
	case callKey:
		return call
	case chunks.HolderKey:
		return holds
	}
	if received != nil {
		return received.Value(key)
	}
	return nil
}

// AfterFunc lets the context package's WithCancel and WithTimeout follow this context
// without a goroutine; see context.AfterFunc.
func (c *callContext[C]) AfterFunc(f func()) (stop func() bool) {
	after := &afterFunc{run: f}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.why() != notEnded {
		go f()
		return func() bool { return false }
	}
	extra := c.extrasLocked()
	extra.after = append(extra.after, after)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		i := slices.Index(extra.after, after)
		if i < 0 {
			return false
		}
		extra.after = slices.Delete(extra.after, i, i+1)
		return true
	}
}

// leave ends the context once the handler has returned, so that what the handler left
// behind stops, and forgets the call.
func (c *callContext[C]) leave() {
	c.mu.Lock()
	c.call = nil
	c.endLocked(canceled)
	c.mu.Unlock() // not deferred: each call comes here
}

// end ends the context, the first time it is called.
func (c *callContext[C]) end(why ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(why)
}

func (c *callContext[C]) endLocked(why ending) {
	if c.why() != notEnded {
		return
	}
	c.ended.Store(uint32(why))
	extra := c.extra
	if extra == nil {
		return
	}
	if extra.done != nil {
		close(extra.done)
	}
	for _, a := range extra.after {
		go a.run()
	}
	extra.after = nil
}

// receive makes md what came with the call. The values live behind this context and
// not in one around it: the context package would need a goroutine for each child of
// such a one.
func (c *callContext[C]) receive(md helium.Metadata) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extrasLocked().received = helium.WithReceivedMetadata(context.Background(), md)
}

// hold has the context say that its call has arguments that came in chunks.
func (c *callContext[C]) hold() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.extrasLocked().holds = true
}
