package link

// strays finds calls that no instance has, though all that could have them speak: the call got lost on its
// way, or its answer did, as where a connection breaks under them. Who has a call names it within two
// intervals of its coming, and so each instance that may have it is asked twice:
//
//	the call has left, or was named last
//	  │ firstAfter beats
//	  ├─▶ a question: the answer says that the call would have come before
//	  │ namedWithin beats
//	  └─▶ another one: the answer says that a heartbeat which names it would have come before
//
// for questions take the way of calls, and their answers that of heartbeats. Its zero value has asked nobody.
type strays struct {
	ask  func(*Instance, *Method) *ask // nil: it couldn't be sent, or too many are
	drop func(*ask)
	of   map[*Instance]*questioning
}

// questioning are the questions to an instance.
type questioning struct {
	wanted         uint64 // the latest beat when some call made them needed
	pending        *ask   // nil: the latest question was answered, or none was asked
	sent           uint64 // the beat of the latest one
	before, latest uint64 // of the latest two that were answered; 0: there is none
}

const (
	// firstAfter is after how many beats of which a call was named in none, whole ones but for the first, an
	// instance is asked.
	firstAfter = 3
	// namedWithin is after how many beats a heartbeat has named what an instance has, with one to spare.
	namedWithin = 3
	// repeatAfter is after how many beats a question that isn't answered is asked again.
	repeatAfter = 2 * namedWithin
)

// isOne reports whether a call that has left, or was named last, in the beat from is at none of those that
// may have it, as far as they have been asked; it sees to it that they are.
func (s *strays) isOne(beat, from uint64, suspects []suspect, to *Method) bool {
	if beat-from < firstAfter {
		return false
	}
	denied := len(suspects) > 0
	for _, one := range suspects {
		q := s.of[one.Instance]
		if q == nil {
			if s.of == nil {
				s.of = make(map[*Instance]*questioning)
			}
			q = new(questioning)
			s.of[one.Instance] = q
		}
		q.wanted = beat
		if q.pending != nil && q.pending.wasAnswered() {
			s.drop(q.pending)
			q.before, q.latest, q.pending = q.latest, q.sent, nil
		}
		if q.before >= from+firstAfter {
			continue // it was asked, and others may be waiting for their turn
		}
		denied = false
		if q.sent == 0 || q.pending == nil && beat-q.sent >= namedWithin || q.pending != nil && beat-q.sent >= repeatAfter {
			s.question(beat, one.Instance, q, to)
		}
	}
	return denied
}

func (s *strays) question(beat uint64, i *Instance, q *questioning, to *Method) {
	one := s.ask(i, to)
	if one == nil {
		return
	}
	if q.pending != nil {
		s.drop(q.pending)
	}
	q.pending, q.sent = one, beat
}

// review forgets the questions that no call needed in a beat.
func (s *strays) review(beat uint64) {
	for i, q := range s.of {
		if q.wanted != beat {
			s.forget(i, q)
		}
	}
}

// restart forgets all questions: they went by a connection which is gone.
func (s *strays) restart() {
	for i, q := range s.of {
		s.forget(i, q)
	}
}

func (s *strays) forget(i *Instance, q *questioning) {
	delete(s.of, i)
	if q.pending != nil {
		s.drop(q.pending)
	}
}
