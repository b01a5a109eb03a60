package bus

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// An ear notices that a server says nothing any more, as a frozen one does. nats.go only counts
// which of its pings were answered; but where much comes from a server, or its client takes long to
// read it, the answer to a ping is behind all that, and late though the server is well.
type ear struct {
	limit  time.Duration     // how long it may say nothing; 0: for ever
	silent func(cause error) // told once when it has

	heard atomic.Bool // since the last look

	mu    sync.Mutex  // guards the fields below
	timer *time.Timer // of the next look; nil: it doesn't listen
	quiet int         // how many looks in a row have found nothing
}

const (
	// quietLooks is in how many parts the time is cut that a server may say nothing. Looks are
	// counted rather than time, as this process may have been frozen itself.
	quietLooks = 6
	// pingPatience is how many times as long a server that goes on talking has to answer a ping.
	pingPatience = 5
)

// hear takes in that the server has said something.
func (e *ear) hear() {
	if !e.heard.Load() { // so that readers don't write what others read, mostly
		e.heard.Store(true)
	}
}

// listen begins, unless it has begun.
func (e *ear) listen() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer == nil && e.limit > 0 {
		e.timer = time.AfterFunc(e.limit/quietLooks, e.look)
	}
}

// stop ends it. One look may still be under way.
func (e *ear) stop() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer != nil {
		e.timer.Stop()
	}
	e.limit = 0
}

func (e *ear) look() {
	if e.looks() {
		e.silent(fmt.Errorf("bus: the server said nothing for %v: %w", e.limit, nats.ErrStaleConnection))
	}
}

// looks reports whether it is time to say that the server is silent.
func (e *ear) looks() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.limit == 0 {
		return false
	}
	e.quiet++
	if e.heard.Swap(false) {
		e.quiet = 0
	}
	if e.quiet < quietLooks {
		e.timer.Reset(e.limit / quietLooks)
		return false
	}
	return true
}

// borneSilence returns how long a server may say nothing by the options of a connection, and
// has nats.go bear more, as the connection itself listens; 0 if they don't want it pinged.
func borneSilence(o *nats.Options) time.Duration {
	if o.PingInterval <= 0 || o.MaxPingsOut <= 0 {
		return 0
	}
	intervals := o.MaxPingsOut + 1
	o.MaxPingsOut = pingPatience*intervals - 1
	return time.Duration(intervals) * o.PingInterval
}
