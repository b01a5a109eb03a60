package answers

import (
	"context"
	"sync"
	"sync/atomic"
)

// A trace that doesn't cross to the other account tells that NATS takes no more answers on a reply
// subject. Either the export is why, or nobody was there any more who would take them: a
// requester's inbox may be for one answer, or the requester has left. Nothing in the trace says
// which. But a client has one inbox for all of its calls, for as long as its clock has the same
// number: it gets another one with each connection to a server. So if a client's next call has come
// after the trace, its inbox was there all the while, and the export is why:
//
//	answer to client 7 ─▶ trace: it didn't cross ─▶ a mark in line behind all that has come
//	                      ─▶ … received ─▶ a message of client 7: certain
//
// All that the NATS server sends on a connection comes in order, so what is behind the mark was sent
// after the trace was. Of requests that don't say whose they are nothing is ever certain.

// maxAwaited is how many clients are awaited at once. Most call again, or never.
const maxAwaited = 64

// witnesses are clients that would prove, by calling again, that their inboxes were there.
type witnesses struct {
	mark func(ctx context.Context, reached func()) error // puts a mark in line

	some    atomic.Bool // any is awaited
	mu      sync.Mutex
	awaited map[uint64][]func() // guarded by mu; by the numbers of clocks
	order   []uint64            // guarded by mu; of awaited, the oldest first
}

// await has proven called once the client with a clock has sent something after now. That may be
// never.
func (w *witnesses) await(ctx context.Context, clock uint64, proven func()) {
	if clock == 0 {
		return
	}
	_ = w.mark(ctx, func() { // fails if the server ends
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.awaited == nil {
			w.awaited = make(map[uint64][]func())
		}
		if w.awaited[clock] == nil {
			if len(w.order) == maxAwaited {
				delete(w.awaited, w.order[0])
				w.order = w.order[1:]
			}
			w.order = append(w.order, clock)
		}
		if len(w.awaited[clock]) < maxAwaited {
			w.awaited[clock] = append(w.awaited[clock], proven)
		}
		w.some.Store(true)
	})
}

// heard is told of each message that came through an export, and of the clock of the client that
// sent it; 0: it doesn't say.
func (w *witnesses) heard(clock uint64) {
	if clock == 0 || !w.some.Load() {
		return
	}
	for _, proven := range w.take(clock) {
		proven()
	}
}

func (w *witnesses) take(clock uint64) (proven []func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	proven = w.awaited[clock]
	if proven == nil {
		return nil
	}
	delete(w.awaited, clock)
	for i, other := range w.order {
		if other == clock {
			w.order = append(w.order[:i:i], w.order[i+1:]...)
			break
		}
	}
	w.some.Store(len(w.order) > 0)
	return proven
}
