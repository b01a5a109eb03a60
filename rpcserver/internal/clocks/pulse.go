package clocks

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// PulseInterval is how often a pulse beats.
	PulseInterval = 200 * time.Millisecond
	// LongestPause is how long after a beat the process has stood still if there was no other.
	LongestPause = 500 * time.Millisecond
)

// Pulse is how a process finds out that it stood still: stopped by a signal, suspended with its
// machine, or starved of processor time. Then no beat came for longer than one should take, by
// the monotonic clock or, where that stood still as well, by the time of day. Whoever looks sees
// it, be it before the next beat.
//
// A time of day that is set forward looks like a machine that was suspended. So what is concluded
// from a standstill must do little harm if there was none.
type Pulse struct {
	born  time.Time
	found chan struct{}        // told of standstills
	last  atomic.Pointer[beat] // replaced with mu; nil before the first one

	mu sync.Mutex
}

// beat is a moment when the process ran. Times are since the pulse was born.
type beat struct {
	at     time.Duration // by the monotonic clock
	ahead  time.Duration // how far the time of day had run ahead of that
	latest *Standstill   // the latest one before; nil: there was none
}

// Standstill is a time during which the process stood still.
type Standstill struct {
	number uint64        // from 1
	since  time.Duration // after the pulse was born; it didn't begin earlier
	until  time.Duration // after the pulse was born; it was over by then
	asleep time.Duration // for which the monotonic clock stood still, in all standstills until then
}

func NewPulse() *Pulse { return &Pulse{born: time.Now(), found: make(chan struct{}, 1)} }

// read returns the time since the pulse was born, and how far the time of day has run ahead.
func (p *Pulse) read(now time.Time) (at, ahead time.Duration) {
	at = now.Sub(p.born)
	return at, time.Duration(now.UnixNano()-p.born.UnixNano()) - at
}

// Look returns the time since the pulse was born, and the latest standstill, nil if there was
// none. It is one that has just ended if the process stood still until now.
func (p *Pulse) Look(now time.Time) (at time.Duration, latest *Standstill) {
	at, ahead := p.read(now)
	last := p.last.Load()
	switch {
	case last == nil:
		return at, nil
	case last.isFollowed(at, ahead):
		return at, last.latest
	}
	return at, p.note(at, ahead).latest
}

// isFollowed reports whether a moment follows on a beat without a standstill.
func (b *beat) isFollowed(at, ahead time.Duration) bool {
	return at-b.at <= LongestPause && ahead-b.ahead <= LongestPause
}

// Beat notes that the process runs.
func (p *Pulse) Beat(now time.Time) { p.note(p.read(now)) }

// note notes a moment when the process ran, and what it says of the time before.
func (p *Pulse) note(at, ahead time.Duration) *beat {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last.Load()
	next := &beat{at: at, ahead: ahead}
	switch {
	case last == nil:
	case at < last.at:
		return last // somebody else was faster
	case last.isFollowed(at, ahead):
		next.latest = last.latest
	default:
		next.latest = last.before(at, ahead)
		select {
		case p.found <- struct{}{}:
		default: // it will be looked at already
		}
	}
	p.last.Store(next)
	return next
}

// before returns the standstill between a beat and a moment.
func (b *beat) before(at, ahead time.Duration) *Standstill {
	s := &Standstill{number: 1, since: b.at, until: at}
	if b.latest != nil {
		s.number, s.asleep = b.latest.number+1, b.latest.asleep
	}
	if ahead-b.ahead > LongestPause {
		s.asleep += ahead - b.ahead
	}
	return s
}

// Backdate has the latest beat be longer ago, by the monotonic clock and by what the time of day has run
// ahead of it, as if the process had stood still since. Tests freeze a process by it.
func (p *Pulse) Backdate(still, asleep time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := *p.last.Load()
	last.at -= still
	last.ahead -= asleep
	p.last.Store(&last)
}
