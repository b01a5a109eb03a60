package binder

import (
	"context"
	"sync"
)

// A sharedQuestion is asked for many who need its answer at once: at most one is under way.
// Whoever needs it shares the question that is asked next, never one that is under way already,
// whose answer may be older than what has to be known.
type sharedQuestion[T any] struct {
	ctx     context.Context // the binder's
	ask     func(context.Context) (T, error)
	running *sync.WaitGroup // the binder's goroutines

	mu   sync.Mutex // guards next and busy
	next *asking[T]
	busy bool
}

// An asking is one that all who wait for it share.
type asking[T any] struct {
	answered chan struct{}
	// answer and err are set before answered is closed.
	answer T
	err    error
}

// answer returns what was true at some moment since it was called.
func (s *sharedQuestion[T]) answer(ctx context.Context) (answer T, err error) {
	s.mu.Lock()
	if s.next == nil {
		s.next = &asking[T]{answered: make(chan struct{})}
	}
	q := s.next
	if !s.busy {
		s.busy = true
		s.running.Go(s.run)
	}
	s.mu.Unlock()

	select {
	case <-q.answered:
		return q.answer, q.err
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

// run asks until nobody wants to know any more.
func (s *sharedQuestion[T]) run() {
	for {
		s.mu.Lock()
		q := s.next
		s.next = nil
		if q == nil {
			s.busy = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		q.answer, q.err = s.ask(s.ctx)
		close(q.answered)
	}
}
