package directory

import (
	"sync/atomic"
	"time"
)

const (
	// refreshEvery is how often a service in use is looked up again, in case an event
	// of the registry got lost.
	refreshEvery = 2 * time.Minute
	// refreshPause keeps what hints at a change, such as calls that find nobody, from
	// asking the binders again and again.
	refreshPause = time.Second
)

// schedule says when a service is looked up again. It is read by every call.
type schedule struct {
	born time.Time    // times are counted from here
	due  atomic.Int64 // in nanoseconds since born
}

func (s *schedule) isDue(now time.Time) bool { return int64(now.Sub(s.born)) >= s.due.Load() }

// at sets the time.
func (s *schedule) at(t time.Time) { s.due.Store(int64(t.Sub(s.born))) }

// now makes it due.
func (s *schedule) now() { s.due.Store(0) }

// by makes it due at that time at the latest.
func (s *schedule) by(t time.Time) {
	by := int64(t.Sub(s.born))
	for due := s.due.Load(); by < due; due = s.due.Load() {
		if s.due.CompareAndSwap(due, by) {
			return
		}
	}
}
