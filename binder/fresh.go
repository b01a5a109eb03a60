package binder

import (
	"context"
	"sync"
	"time"
)

// catchUpTimeout is how long the catalog may be behind a state of the store that is
// known. A watch is behind by milliseconds. One that is further behind hears nothing
// any more, as when the member of a cluster that served it died, and is made anew.
const catchUpTimeout = 500 * time.Millisecond

// freshness brings the catalog up to date before a binder says "not found". However
// many requests need it at once, the store is asked at most once at a time: a request
// shares the question that is asked next, never one that is under way already, whose
// answer may be older than what the request must know of.
type freshness struct {
	ctx     context.Context // the binder's
	ask     func(context.Context) (state, error)
	catalog *catalog
	// behind makes the follower watch anew.
	behind  func()
	running *sync.WaitGroup

	mu   sync.Mutex // guards next and busy
	next *question
	busy bool
}

// A question is one round trip to the store.
type question struct {
	answered chan struct{}
	// target and err are set before answered is closed.
	target uint64
	err    error
}

// catchUp returns once the catalog has all that the store had when it was called. Its
// error says that the store couldn't be asked, or heard.
func (f *freshness) catchUp(ctx context.Context) error {
	f.mu.Lock()
	if f.next == nil {
		f.next = &question{answered: make(chan struct{})}
	}
	q := f.next
	if !f.busy {
		f.busy = true
		f.running.Go(f.run)
	}
	f.mu.Unlock()

	select {
	case <-q.answered:
	case <-ctx.Done():
		return ErrStore.WithMessage("%s: %w", ErrStore.Message, ctx.Err())
	}
	if q.err != nil {
		return q.err
	}
	ctx, cancel := context.WithTimeout(ctx, storeBudget)
	defer cancel()
	if err := f.await(ctx, q.target); err != nil {
		return ErrStore.WithMessage("the binder doesn't hear of changes in the registry's store; see that JetStream has a leader (nats server report jetstream): %w", err)
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

// run asks until nobody wants to know any more.
func (f *freshness) run() {
	for {
		f.mu.Lock()
		q := f.next
		f.next = nil
		if q == nil {
			f.busy = false
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		st, err := f.ask(f.ctx)
		if !st.empty { // an empty bucket holds nothing to wait for
			q.target = st.last
		}
		q.err = err
		close(q.answered)
	}
}
