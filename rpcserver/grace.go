package rpcserver

import (
	"context"
	"errors"
	"time"
)

// leaveTime bounds what Shutdown waits for a binder, and what it waits for the NATS
// server, even if its context has ended: calls under way to a server that had gone
// without a word would be lost. It is longer than a busy machine stands still.
const leaveTime = 5 * time.Second

// shortLeaveTime takes the place of leaveTime where nobody was told of the server, as a
// Start that fails is to return when its context ends, and where only the registry is.
const shortLeaveTime = 250 * time.Millisecond

// withGrace returns a context that ends a while after ctx does.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
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
