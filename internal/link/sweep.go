package link

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// SweepTick is how coarsely deadlines are kept: a call ends within one tick, plus
// what the scheduler takes, after its deadline. A timer per call would cost more
// than a quick call does.
const SweepTick = 5 * time.Millisecond

// Sweep runs a function when deadlines have passed, with one timer for any number of
// deadlines. It isn't told of calls that ended: then it finds nothing, once.
type Sweep struct {
	// scan ends what is due and returns the earliest deadline that remains, or the
	// zero time if there is none.
	scan func(now time.Time) (earliest time.Time)
	// born is when ticks began to be counted: with Go's monotonic clock, so that a
	// change of the time of day moves no deadline.
	born time.Time

	next atomic.Int64 // the tick the timer is set to; never later than the earliest deadline's

	scanning sync.Mutex // held while scan runs

	mu      sync.Mutex
	timer   *time.Timer // guarded by mu; nil until first needed
	stopped bool        // guarded by mu
}

const noTick = math.MaxInt64

// NewSweep returns a sweep that calls scan, on a goroutine of its own and never twice
// at the same moment. Nothing runs until the first Watch.
func NewSweep(scan func(now time.Time) (earliest time.Time)) *Sweep {
	s := &Sweep{scan: scan, born: time.Now()}
	s.next.Store(noTick)
	return s
}

// Watch makes sure that a scan runs soon after the deadline. The deadline must be
// where scan finds it before Watch is called.
func (s *Sweep) Watch(deadline time.Time) {
	tick := s.tickAfter(deadline)
	if s.next.Load() <= tick {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armLocked(tick)
}

// Stop ends the sweep: no scan runs after it returns. Don't call it from the scan.
func (s *Sweep) Stop() {
	s.scanning.Lock()
	defer s.scanning.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	if s.timer != nil {
		s.timer.Stop()
	}
}

func (s *Sweep) armLocked(tick int64) {
	if s.stopped || s.next.Load() <= tick {
		return
	}
	s.next.Store(tick)
	wait := time.Until(s.born.Add(time.Duration(tick) * SweepTick))
	if s.timer == nil {
		s.timer = time.AfterFunc(wait, s.fire)
	} else {
		s.timer.Reset(wait)
	}
}

func (s *Sweep) fire() {
	s.scanning.Lock()
	defer s.scanning.Unlock()
	// Deadlines that come in while the scan runs must arm the timer again, so the
	// tick is cleared before the scan looks.
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return
	}
	s.next.Store(noTick)
	s.mu.Unlock()
	if earliest := s.scan(time.Now()); !earliest.IsZero() {
		s.Watch(earliest)
	}
}

// tickAfter returns the first tick that isn't before t, or the last one that can be told of if t is centuries away.
func (s *Sweep) tickAfter(t time.Time) int64 {
	return int64((min(t.Sub(s.born), math.MaxInt64-SweepTick) + SweepTick - 1) / SweepTick)
}
