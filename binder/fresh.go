package binder

import (
	"context"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
)

// catchUpTimeout is how long the catalog may be behind a state of the store that is
// known. A watch is behind by milliseconds. One that is further behind hears nothing
// any more, as when the member of a cluster that served it died, and is made anew.
const catchUpTimeout = 500 * time.Millisecond

// freshness brings the catalog up to date before a binder says "not found". However
// many requests need it at once, the store is asked at most once at a time.
type freshness struct {
	store   shared[state]
	catalog *catalog
	// behind makes the follower watch anew.
	behind func()
}

func newFreshness(ctx context.Context, ask func(context.Context) (state, error), c *catalog, behind func(), running *sync.WaitGroup) *freshness {
	return &freshness{store: shared[state]{ctx: ctx, ask: ask, running: running}, catalog: c, behind: behind}
}

// catchUp returns once the catalog has all that the store had when it was called. Its
// error says that the store couldn't be asked, or heard.
func (f *freshness) catchUp(ctx context.Context) error {
	st, err := f.store.answer(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return helium.ErrStoreUnavailable.WithMessage("%s: %w", helium.ErrStoreUnavailable.Message, ctx.Err())
	case err != nil:
		return err
	case st.empty: // it holds nothing to wait for
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	if err := f.await(ctx, st.last); err != nil {
		return helium.ErrStoreUnavailable.WithMessage("the binder doesn't hear of changes in the registry's store; see that JetStream has a leader (nats server report jetstream): %w", err)
	}
	return nil
}

// await returns once the catalog has all changes up to a revision, or ctx is over. If
// they are late, it sees to the watch.
func (f *freshness) await(ctx context.Context, revision uint64) error {
	if f.settle(ctx, revision) {
		return nil
	}
	return f.catalog.await(ctx, revision)
}

// settle waits a moment until the catalog has all changes up to a revision. It reports
// false if they don't come, and sees to the watch.
func (f *freshness) settle(ctx context.Context, revision uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if f.catalog.await(ctx, revision) == nil {
		return true
	}
	f.behind()
	return false
}
