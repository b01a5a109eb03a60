package directory

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// questions are requests to the binders, which end with the directory.
type questions struct {
	binders  *binder.Client
	subjects wire.Subjects
	timeout  time.Duration // the usual time of a call
	count    atomic.Uint64

	life   context.Context // ends with close
	end    context.CancelFunc
	closed atomic.Bool

	mu      sync.RWMutex           // closed is set with it, so that no task begins from then on
	waiting map[*question]struct{} // guarded by mu; those that wait for their answer
	tasks   sync.WaitGroup         // those who ask
}

// question is a request that waits for its answer.
type question struct {
	subject string
	fail    context.CancelCauseFunc
}

func newQuestions(binders *binder.Client, subjects wire.Subjects, timeout time.Duration) *questions {
	q := &questions{binders: binders, subjects: subjects, timeout: timeout, waiting: make(map[*question]struct{})}
	q.life, q.end = context.WithCancel(context.Background())
	return q
}

// begin enters one more task that asks, unless the directory is closed.
func (q *questions) begin() bool {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed.Load() {
		return false
	}
	q.tasks.Add(1)
	return true
}

func (q *questions) done() { q.tasks.Done() }

// close ends the questions under way, and waits until those who asked have gone.
func (q *questions) close() {
	q.mu.Lock()
	q.closed.Store(true)
	q.mu.Unlock()
	q.end()
	q.tasks.Wait()
}

// ask asks the binders, and fails at once if the connection's user may not: all that NATS
// says to that comes by way of refused.
func (q *questions) ask(ctx context.Context, name string, lookup func(context.Context, string) (*binder.Entry, error)) (*binder.Entry, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	one := &question{q.subjects.Lookup(name), fail}
	q.mu.Lock()
	q.waiting[one] = struct{}{}
	q.mu.Unlock()
	defer func() {
		q.mu.Lock()
		delete(q.waiting, one)
		q.mu.Unlock()
	}()
	q.count.Add(1)
	entry, err := lookup(ctx, name)
	if err != nil {
		if denied, ok := errors.AsType[*helium.Error](context.Cause(ctx)); ok {
			return nil, denied
		}
		return nil, err
	}
	return entry, nil
}

// refused fails the questions on a subject that the connection may not publish to.
func (q *questions) refused(subject string) {
	q.mu.RLock()
	defer q.mu.RUnlock()
	for one := range q.waiting {
		if one.subject == subject {
			one.fail(helium.ErrNotPermitted.WithMessage("this connection's user may not look services up; allow it to publish to %q", q.subjects.Lookup(">")).WithOutcome(helium.NotExecuted))
		}
	}
}

// IsOutage reports whether an error of a lookup says nothing about what was asked.
func IsOutage(err error) bool {
	switch helium.CodeOf(err) {
	case helium.CodeNotFound, helium.CodeUnimplemented, helium.CodeInvalidArgument, helium.CodePermissionDenied:
		return false
	}
	return true
}

// ContextError returns the error of a call whose context ended.
func ContextError(err error, outcome helium.Outcome) *helium.Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return helium.ErrDeadline.WithOutcome(outcome)
	}
	return helium.ErrCanceled.WithOutcome(outcome)
}
