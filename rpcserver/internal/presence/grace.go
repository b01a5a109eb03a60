package presence

import (
	"context"
	"errors"
	"time"
)

// LeaveTime bounds what a server that shuts down waits for a binder, and what it waits for the NATS
// server, even if its context has ended: calls under way to a server that had gone
// without a word would be lost. It is longer than a busy machine stands still.
const LeaveTime = 5 * time.Second

// ShortLeaveTime takes the place of LeaveTime where nobody was told of the server, as a
// start that fails is to return when its context ends, and where only the registry is.
const ShortLeaveTime = 250 * time.Millisecond

// WithGrace returns a context that ends a while after ctx does.
func WithGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	late := context.WithoutCancel(ctx)
	var cancel context.CancelFunc
	if deadline, ok := ctx.Deadline(); ok {
		late, cancel = context.WithDeadline(late, deadline.Add(grace))
	} else {
		late, cancel = context.WithCancel(late)
	}
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(ctx.Err(), context.Canceled) { // else late has its own deadline
			time.AfterFunc(grace, cancel)
		}
	})
	return late, func() { stop(); cancel() }
}
