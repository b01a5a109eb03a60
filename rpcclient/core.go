package rpcclient

import (
	"context"
	"log/slog"
	"time"

	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/monotonic"
	"github.com/helium-rpc/helium/internal/stream"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

// core is what the calls of a client share.
type core struct {
	log       *slog.Logger // of what concerns no single call
	links     *link.Dispatcher
	directory *directory.Directory
	closed    chan struct{}      // closed with the client
	timeout   time.Duration      // of a call whose context has no deadline
	attempts  int                // how often a call is tried at most
	maxValue  int                // how large what travels in chunks may be, in bytes
	turns     chunks.Turns       // of results that come in chunks
	shares    chunks.Shares      // of those turns, by service
	latencies *retries.Latencies // nil: calls aren't hedged
	unsettled keys.Unsettled
	streams   *stream.Pool  // the credit for what streams bring
	renewal   time.Duration // how often streams by the bus renew the permission to answer them

	// What every call writes is kept out of the cache lines of what every call reads.
	_        [64]byte
	counters counters
	retries  retries.Budget
	_        [64]byte
}

// deadline returns when a call is over, whatever its context says.
func (c *core) deadline(ctx context.Context, now time.Time) time.Time {
	deadline, ok := ctx.Deadline()
	if !ok {
		return now.Add(c.timeout)
	}
	return bounded(deadline, now)
}

// bounded returns a context's deadline as servers take it: not too far away.
func bounded(deadline, now time.Time) time.Time {
	if !monotonic.Has(deadline) { // it is a time of day, which now isn't good for
		deadline = now.Add(time.Until(deadline))
	}
	if latest := now.Add(wire.MaxTime); deadline.After(latest) {
		return latest
	}
	return deadline
}

// orBackground returns the context of a call. A nil one is what stubs may be called with,
// for no deadline but the client's own.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
