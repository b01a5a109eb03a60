package directory

import (
	"context"
	"errors"
	"time"

	"github.com/helium-rpc/helium"
)

// Fresh returns what is known of the service, and has it looked up in the background
// if that is due. It is nil if nothing is known yet.
func (s *Service) Fresh(now time.Time) *View {
	v := s.current.Load()
	if v != nil && s.refresh.isDue(now) {
		s.Look("")
	}
	return v
}

// Resolve returns what is known of the service, after a lookup if that is nothing.
func (s *Service) Resolve(ctx context.Context, now, deadline time.Time) (*View, error) {
	if v := s.Fresh(now); v != nil {
		return v, nil
	}
	for {
		s.mu.Lock()
		// With the lock, for a lookup may just have ended.
		if v := s.current.Load(); v != nil {
			s.mu.Unlock()
			return v, nil
		}
		l := s.lookLocked("")
		s.mu.Unlock()
		err := l.Await(ctx, deadline)
		switch {
		case err == nil: // what the answer says is known by now
		case errors.Is(err, helium.ErrNoBinderAnswer) && time.Now().Before(deadline):
			// None came within the client's usual time; this call has more of it.
		default:
			return nil, err
		}
	}
}

// Look asks about one method, or with "" about the whole service, unless somebody is
// asking already.
func (s *Service) Look(method string) *Lookup {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookLocked(method)
}

func (s *Service) lookLocked(method string) *Lookup {
	if l := s.lookups[method]; l != nil {
		return l
	}
	l := newLookup()
	if !s.questions.begin() {
		l.end(helium.ErrClientClosed.WithOutcome(helium.NotExecuted))
		return l
	}
	s.lookups[method] = l
	began := time.Now()
	if method == "" {
		s.asked = began
		s.refresh.at(began.Add(refreshEvery))
	}
	go func() {
		defer s.questions.done()
		err := s.ask(method, began)
		s.mu.Lock()
		delete(s.lookups, method)
		s.mu.Unlock()
		if err != nil {
			s.LookAgain()
			s.dropOldFindings()
			s.ForgetUnknown()
		}
		l.end(err)
	}()
	return l
}

// leastLookup is the least time that a lookup gets, however short calls are by default:
// some have a context with more of it, and would ask again and again in vain.
const leastLookup = time.Second

// ask does a lookup and takes in the answer.
func (s *Service) ask(method string, began time.Time) error {
	ctx, cancel := context.WithTimeout(s.questions.life, max(s.questions.timeout, leastLookup))
	defer cancel()
	name := s.name
	if method != "" {
		name += "." + method
	}
	entry, err := s.questions.ask(ctx, name, s.questions.binders.Lookup)
	switch {
	case s.questions.closed.Load() && err != nil:
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	case err != nil:
		return err // what is known stands
	case method == "":
		s.replace(entry, began)
	default:
		s.add(entry, began)
	}
	return nil
}
