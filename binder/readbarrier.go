package binder

import (
	"context"
	"sync"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder/internal/store"
)

// catchUpTimeout is how long the catalog may be behind a state of the store that is
// known. A watch is behind by milliseconds. One that is further behind hears nothing
// any more, as when the member of a cluster that served it died, and is made anew.
const catchUpTimeout = 500 * time.Millisecond

// A readBarrier brings the catalog up to date before a binder says "not found". However
// many requests need it at once, the store is asked at most once at a time.
type readBarrier struct {
	states  sharedQuestion[store.State]
	catalog *catalog
	// behind makes the replicator watch anew.
	behind func()
}

func newReadBarrier(ctx context.Context, ask func(context.Context) (store.State, error), c *catalog, behind func(), running *sync.WaitGroup) *readBarrier {
	return &readBarrier{states: sharedQuestion[store.State]{ctx: ctx, ask: ask, running: running}, catalog: c, behind: behind}
}

// catchUp returns once the catalog has been, at some moment since the call, all that the store
// had. Its error says that the store couldn't be asked, or heard.
//
// The store keeps the last write of a key alone. One that is written over before the watch was told
// of it is left out, and the key with it, until the write that replaced it comes: it may come after
// the state that was asked for. So if the watch left out anything meanwhile, the store is asked again,
// which by then knows what has replaced that.
func (r *readBarrier) catchUp(ctx context.Context) error {
	for began := time.Now(); ; {
		skipped := r.catalog.skipped()
		st, err := r.states.answer(ctx)
		switch {
		case err != nil && ctx.Err() != nil:
			return helium.ErrStoreUnavailable.WithMessage("%s: %w", helium.ErrStoreUnavailable.Message, ctx.Err())
		case err != nil:
			return err
		case st.Empty: // it holds nothing to wait for
			return nil
		}
		if err := r.hear(ctx, st.Last); err != nil {
			return err
		}
		if r.catalog.skipped() == skipped {
			return nil
		}
		if time.Since(began) > store.Budget {
			return helium.ErrStoreUnavailable.WithMessage("the registry's records are written over before the binder hears of them, so it can't say what isn't there; renew less often (Config.Lease), or run the binder on a faster machine")
		}
	}
}

// hear is await with an error that says what to do.
func (r *readBarrier) hear(ctx context.Context, revision uint64) error {
	ctx, cancel := context.WithTimeout(ctx, store.Budget)
	defer cancel()
	if err := r.await(ctx, revision); err != nil {
		return helium.ErrStoreUnavailable.WithMessage("the binder doesn't hear of changes in the registry's store; see that JetStream has a leader (nats server report jetstream): %w", err)
	}
	return nil
}

// await returns once the catalog has all changes up to a revision, or ctx is over. If
// they are late, it sees to the watch.
func (r *readBarrier) await(ctx context.Context, revision uint64) error {
	if r.settle(ctx, revision) {
		return nil
	}
	return r.catalog.await(ctx, revision)
}

// settle waits a moment until the catalog has all changes up to a revision. It reports
// false if they don't come, and sees to the watch.
func (r *readBarrier) settle(ctx context.Context, revision uint64) bool {
	ctx, cancel := context.WithTimeout(ctx, catchUpTimeout)
	defer cancel()
	if r.catalog.await(ctx, revision) == nil {
		return true
	}
	r.behind()
	return false
}
