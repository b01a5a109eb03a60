// Package clocks finds out how long messages waited before a server had them, without clocks that
// agree, and whether its process stood still meanwhile.
//
//   - clocks.go: what is known of the clocks of those who send
//   - pulse.go: when the process stood still
//   - thaws.go, thawmark.go: what came until then, by the bus and by direct links
package clocks

import (
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// How long a message waited, in whatever queue and socket, can be told without clocks that agree:
// its sender says what its own clock showed when the message was begun, and this server's clock
// less that is a constant plus the time under way. The least difference that was ever seen is the
// constant, plus the time that a message takes that waits for nothing. What another message
// exceeds it by is how long that one waited (as in LEDBAT, RFC 6817):
//
//	          sender's clock    this server's    difference    waited
//	message 1       5.000 s        105.002 s     100.002 s         0
//	message 2       6.000 s        106.001 s     100.001 s         0, the least from now on
//	message 3       7.000 s        115.001 s     108.001 s       8 s
//
// Clocks drift, so the least difference rises by as much as two may drift apart. It rises by
// nothing else: were old differences forgotten, a queue that stands would become normal, and what
// waits in it would run late.
//
// Nor does it begin anew when this server connects to another NATS server. What two clocks differ
// by is the same by any way, so what a longer way adds is time that the caller sees pass; and a
// NATS server that stood still sends on what it had when it wakes, which mustn't become normal.
//
// For the same reason a direct link that is new begins with what was learnt by the bus: its first message
// may have waited, and of a clock that is known that can be told.

const (
	// drift is by which part of the time that passes the least difference rises: 200 ppm.
	drift = 5000
	// maxClocks is how many clocks are known by one link.
	maxClocks = 10_000
	// inUse is for how long a clock that was used makes no room, when there are too many. If it were
	// shorter, of some more clocks than are known all would be forgotten before they are used again.
	inUse = 10 * time.Second
	// sampled is among how many clocks the one is sought that was used longest ago.
	sampled = 8
)

// Clocks knows the clocks of those who send by one link, and belongs to the goroutine that
// receives by it, but for what it knows.
//
// A clock is known by its number alone. Whoever isn't its owner has to have been called by that to
// know the number, and would know its reply subject as well, so a key of both would keep nobody
// out. A sender whose readings are lies harms the calls that it sends with them, and others only
// in that at most maxClocks are known: those that are used often stay, and for those that find no room
// time counts from when the server has them, as it does for callers that say nothing.
type Clocks struct {
	pulse *Pulse
	bus   *Clocks // what is known by the bus, for a link that is new; nil: this is the bus's
	last  *entry  // that was asked for last; nil: none

	// mu is held while what is below changes, and by others than who receives while they read it.
	mu sync.Mutex
	// Clocks that were used since the last turn, and others: of these one is forgotten for each new
	// one when room is needed, and all that are left at the next turn. Callers that connect again have
	// new clocks, often all at once, as when a NATS server starts again, and their old ones make room.
	// There is a turn only when room is needed.
	recent, former map[uint64]*entry
	turned         time.Duration // after the pulse was born

	thaw
}

// estimate is what is known of a clock. Numbers are microseconds; differences are modulo 2^64, as
// clocks begin anywhere, and liars' readings may be anything.
type estimate struct {
	clock uint64
	least uint64 // difference of this server's clock and that clock
	at    uint64 // when it was seen, by this server's clock
}

// entry is an estimate that is kept.
type entry struct {
	estimate
	used time.Duration // after the pulse was born, at last; the receiving goroutine's
}

// thaw is the time after a standstill until all has been received that came meanwhile. What is
// learnt about clocks then would be wrong, as all may have waited; so nothing is.
type thaw struct {
	met     *Standstill   // the latest one; nil: none
	looked  time.Duration // when it was looked for another one
	lasts   bool
	since   time.Duration // what comes during the thaw has waited no longer because of a standstill
	counted time.Duration // what met.asleep was before the thaw
}

// New returns those of a link by which nothing has come yet: no standstill until now is any of its
// messages' business. A link that isn't the bus is told what is known there.
func New(pulse *Pulse, bus *Clocks) *Clocks {
	c := &Clocks{pulse: pulse, bus: bus, recent: make(map[uint64]*entry)}
	if c.looked, c.met = pulse.Look(time.Now()); c.met != nil {
		c.counted = c.met.asleep
	}
	return c
}

// known returns what is known of a clock. It is safe for concurrent use.
func (c *Clocks) known(clock uint64) (of estimate, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.recent[clock]
	if e == nil {
		e = c.former[clock]
	}
	if e == nil {
		return estimate{}, false
	}
	return e.estimate, true
}

// Waited returns how long a message has waited by now that was begun when some clock showed a
// reading. If it isn't sure, it is the longest that the message can have waited because this
// server stood still.
func (c *Clocks) Waited(clock, reading uint64, now time.Time) (waited time.Duration, sure bool) {
	own, latest := c.pulse.Look(now)
	if latest != c.met {
		c.meet(latest)
	}
	c.looked = own
	e := c.find(clock, own)
	switch {
	case c.lasts && e == nil:
		return min(own+c.asleep()-c.since, wire.MaxTime), false
	case c.lasts:
		return e.excess(own+c.asleep(), reading), true
	case e == nil:
		c.learn(estimate{clock: clock}.seen(own, reading), own)
		return 0, true
	}
	if waited = e.excess(own, reading); waited == 0 {
		c.mu.Lock()
		e.estimate = e.seen(own, reading)
		c.mu.Unlock()
	}
	return waited, true
}

// excess returns how long a message waited. It is 0 for one that took the least time so far.
func (e *estimate) excess(own time.Duration, reading uint64) time.Duration {
	now := micros(own)
	least := e.least + (now-e.at)/drift
	excess := int64(now - reading - least)
	const longest = int64(wire.MaxTime / time.Microsecond)
	return time.Duration(max(0, min(excess, longest))) * time.Microsecond
}

// seen returns the estimate once the difference of a message is taken for the least.
func (e estimate) seen(own time.Duration, reading uint64) estimate {
	at := micros(own)
	return estimate{clock: e.clock, least: at - reading, at: at}
}

func micros(d time.Duration) uint64 { return uint64(d / time.Microsecond) }

// find returns what is known of a clock; nil: nothing.
func (c *Clocks) find(clock uint64, own time.Duration) *entry {
	if c.last != nil && c.last.clock == clock {
		c.last.used = own
		return c.last
	}
	e := c.recent[clock]
	if e == nil {
		if e = c.former[clock]; e == nil {
			if c.bus != nil {
				if of, ok := c.bus.known(clock); ok {
					return c.learn(of, own)
				}
			}
			return nil
		}
		c.mu.Lock()
		delete(c.former, clock)
		c.recent[clock] = e
		c.mu.Unlock()
	}
	c.last, e.used = e, own
	return e
}

// learn begins to know a clock. It returns what it keeps of it, nil if there is no room.
func (c *Clocks) learn(of estimate, own time.Duration) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full() && own-c.turned >= inUse {
		c.former, c.recent = c.recent, make(map[uint64]*entry)
		c.last, c.turned = nil, own
	}
	if c.full() {
		c.forgetLocked()
	}
	if c.full() {
		return nil
	}
	e := &entry{of, own}
	c.recent[of.clock], c.last = e, e
	return e
}

// forgetLocked forgets one of the clocks that weren't used since the last turn: of some that chance
// picks, the one that was used longest ago.
func (c *Clocks) forgetLocked() {
	var oldest *entry
	left := sampled
	for _, e := range c.former {
		if oldest == nil || e.used < oldest.used {
			oldest = e
		}
		if left--; left == 0 {
			break
		}
	}
	if oldest != nil {
		delete(c.former, oldest.clock)
	}
}

func (c *Clocks) full() bool { return len(c.recent)+len(c.former) >= maxClocks }

// meet begins a thaw, or has the one that lasts go on.
func (t *thaw) meet(latest *Standstill) {
	if !t.lasts {
		t.lasts, t.since = true, latest.since
		if t.met == nil && latest.number > 1 || t.met != nil && latest.number > t.met.number+1 {
			t.since = t.looked // others were before, which began since then
		}
	}
	t.met = latest
}

// asleep returns for how long the monotonic clock stood still while a message that comes now may
// have waited.
func (t *thaw) asleep() time.Duration { return t.met.asleep - t.counted }

// Over tells that all has been received that came during a standstill, and until a certain time
// after it. So its thaw is over, unless there was another one since.
func (t *thaw) Over(of *Standstill, at time.Duration) {
	t.counted = of.asleep
	if t.met != nil && t.met.number > of.number {
		t.since = at
		return
	}
	t.met, t.looked, t.lasts = of, at, false
}
