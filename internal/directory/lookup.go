package directory

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
)

// Lookup is a question to the binders about a service, shared by all who want to know
// at the same moment. It belongs to none of them: one that gives up doesn't end it.
type Lookup struct {
	done chan struct{} // closed when err is final
	err  error
}

func newLookup() *Lookup { return &Lookup{done: make(chan struct{})} }

// end tells all who wait.
func (l *Lookup) end(err error) {
	l.err = err
	close(l.done)
}

// Await waits for a lookup, within the time of one call.
func (l *Lookup) Await(ctx context.Context, deadline time.Time) error {
	select {
	case <-l.done:
		return l.err
	default:
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	select {
	case <-l.done:
		return l.err
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return helium.ErrDeadline.WithMessage("the call's time was over before a binder had answered; see the binders' log, and that this user may use their subjects").WithOutcome(helium.NotExecuted)
	}
	return ContextError(ctx.Err(), helium.NotExecuted)
}
