package rpcclient

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
)

// lookup is a question to the binders about a service, shared by all who want to know
// at the same moment. It belongs to none of them: one that gives up doesn't end it.
type lookup struct {
	done chan struct{} // closed when err is final
	err  error
}

// look asks about one method, or with "" about the whole service, unless somebody is
// asking already.
func (s *service) look(method string) *lookup {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookLocked(method)
}

func (s *service) lookLocked(method string) *lookup {
	if l := s.lookups[method]; l != nil {
		return l
	}
	l := &lookup{done: make(chan struct{})}
	if !s.core.begin() {
		l.err = helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
		close(l.done)
		return l
	}
	s.lookups[method] = l
	began := time.Now()
	if method == "" {
		s.asked = began
		s.refreshDue.Store(int64(began.Add(refreshEvery).Sub(s.core.born)))
	}
	go func() {
		defer s.core.background.Done()
		l.err = s.ask(method, began)
		s.mu.Lock()
		delete(s.lookups, method)
		s.mu.Unlock()
		if l.err != nil {
			s.lookAgain()
			s.outlive()
			s.forgetUnknown()
		}
		close(l.done)
	}()
	return l
}

// begin enters one more background task, unless the client is closed.
func (c *core) begin() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed.Load() {
		return false
	}
	c.background.Add(1)
	return true
}

// leastLookup is the least time that a lookup gets, however short calls are by default:
// some have a context with more of it, and would ask again and again in vain.
const leastLookup = time.Second

// ask does a lookup and takes in the answer.
func (s *service) ask(method string, began time.Time) error {
	ctx, cancel := context.WithTimeout(s.core.life, max(s.core.config.Timeout, leastLookup))
	defer cancel()
	name := s.name
	if method != "" {
		name += "." + method
	}
	entry, err := s.core.question(ctx, name, s.core.registry.Lookup)
	switch {
	case s.core.closed.Load() && err != nil:
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	case err != nil:
		return err // what is known stands
	case method == "":
		s.replace(entry, began)
	default:
		for i := range entry.Records {
			s.put(&entry.Records[i], news{})
		}
	}
	return nil
}

// await waits for a lookup, within the time of one call.
func (l *lookup) await(ctx context.Context, deadline time.Time) error {
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
	return contextError(ctx.Err(), helium.NotExecuted)
}

// learn makes sure that something is known of the service.
func (s *service) learn(ctx context.Context, deadline time.Time) (*route, error) {
	for {
		s.mu.Lock()
		// With the lock, for a lookup may just have ended.
		if r := s.current.Load(); r != nil {
			s.mu.Unlock()
			return r, nil
		}
		l := s.lookLocked("")
		s.mu.Unlock()
		err := l.await(ctx, deadline)
		if err != nil && !errors.Is(err, helium.ErrNoBinderAnswer) {
			return nil, err
		}
		// No answer within the client's usual time; this call may have more of it.
	}
}

// lookAgain makes the next call look the service up in the background, as something
// hints that what is known is outdated.
func (s *service) lookAgain() {
	s.mu.RLock()
	due := s.asked.Add(refreshPause)
	s.mu.RUnlock()
	s.refreshDue.Store(int64(max(time.Since(s.core.born), due.Sub(s.core.born))))
}

// refreshBy makes that at the latest.
func (s *service) refreshBy(at time.Time) {
	by := int64(at.Sub(s.core.born))
	for due := s.refreshDue.Load(); by < due; due = s.refreshDue.Load() {
		if s.refreshDue.CompareAndSwap(due, by) {
			return
		}
	}
}

// fresh returns what is known of the service, and has it looked up in the background
// if that is due. It is nil if nothing is known yet.
func (s *service) fresh(now time.Time) *route {
	r := s.current.Load()
	if r != nil && int64(now.Sub(s.core.born)) >= s.refreshDue.Load() {
		s.look("")
	}
	return r
}

// question is a request to the binders that waits for its answer.
type question struct {
	subject string
	fail    context.CancelCauseFunc
}

// question asks the binders, and fails at once if the connection's user may not: all
// that NATS says to that comes by way of refused.
func (c *core) question(ctx context.Context, name string, lookup func(context.Context, string) (*binder.Entry, error)) (*binder.Entry, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	q := &question{c.subjects.Lookup(name), fail}
	c.mu.Lock()
	c.asking[q] = struct{}{}
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.asking, q)
		c.mu.Unlock()
	}()
	c.counters.lookups.Add(1)
	entry, err := lookup(ctx, name)
	if err != nil {
		if denied, ok := errors.AsType[*helium.Error](context.Cause(ctx)); ok {
			return nil, denied
		}
		return nil, err
	}
	return entry, nil
}

// refuseQuestions fails the questions on a subject that the connection may not publish to.
func (c *core) refuseQuestions(subject string) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for q := range c.asking {
		if q.subject == subject {
			q.fail(helium.ErrNotPermitted.WithMessage("this connection's user may not look services up; allow it to publish to %q", c.subjects.Lookup(">")).WithOutcome(helium.NotExecuted))
		}
	}
}
