package link

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// throttle holds calls of a method back while its instances refuse most of them for load: a call
// that is refused costs a server that has too much to do a message to read and one to write, and
// one that isn't sent costs it nothing.
//
//	an instance takes a call   ─▶ permits for two more calls to each instance
//	an instance refuses a call ─▶ none
//
// So instances get twice what they take at most, enough to find out at once that they can take more.
// Those that take the most count: where one of several has room and the others are stuck, it goes on
// getting all that it can do, though the others refuse their share of that.
//
// A few refusals hold nothing back, and once none has come for a moment nothing is held back any
// more. Its zero value is of a method of which no call was refused.
type throttle struct {
	on atomic.Bool // an episode of refusals began and isn't known to be over

	mu       sync.Mutex
	refusals int       // guarded by mu; since then
	since    time.Time // guarded by mu; less than a pause ago when the latest came
	last     time.Time // guarded by mu; when that was
	permits  float64   // guarded by mu; calls that may be sent, as of filled
	filled   time.Time // guarded by mu
	// rate is how many permits a second there are, and earned how many more there will be, since a
	// time. Both are guarded by mu; a rate of 0: none is known yet, and what is earned is there at once.
	rate, earned float64
	earnedSince  time.Time // guarded by mu

	// tallies are of the calls that each instance took, most is the largest of them, and taken how many
	// there were since they were halved. All are guarded by mu; nil tallies: there is no episode.
	tallies     map[*Instance]int
	most, taken int
}

const (
	// throttleAfter is how many refusals within throttlePause begin an episode, which ends when none has
	// come for so long.
	throttleAfter = 32
	throttlePause = 50 * time.Millisecond
	// permitsEach is how many calls may be sent to each instance for one that is taken. What instances
	// take is told in bursts, so permits for it are spread over earnTime, and those of burstTime are kept,
	// leastBurst at least. What came in bursts would wait at the instance.
	permitsEach = 2
	earnTime    = 100 * time.Millisecond
	burstTime   = 5 * time.Millisecond
	leastBurst  = 8
	// tallyMemory is after how many calls that were taken those before count half.
	tallyMemory = 256
)

// errHeldBack is the error of a call that was held back. It is always this one value.
var errHeldBack = helium.ErrOverloaded.WithMessage("the method's instances refuse most calls for load, so this one wasn't sent to them; try again later, or start more instances").WithOutcome(helium.NotExecuted)

// holds reports whether a call is to be held back.
func (t *throttle) holds() bool {
	if !t.on.Load() {
		return false
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last) >= throttlePause {
		t.endLocked()
		return false
	}
	t.fillLocked(now)
	if t.permits < 1 {
		return true
	}
	t.permits--
	return false
}

// fillLocked adds the permits that there are since it was called last.
func (t *throttle) fillLocked(now time.Time) {
	if took := now.Sub(t.earnedSince); took >= earnTime {
		lately := t.earned / took.Seconds()
		if t.rate > 0 {
			lately = (t.rate + lately) / 2
		}
		t.rate, t.earned, t.earnedSince = lately, 0, now
	}
	if t.rate > 0 {
		t.permits = min(t.permits+t.rate*now.Sub(t.filled).Seconds(), max(leastBurst, t.rate*burstTime.Seconds()))
	}
	t.filled = now
}

// endLocked ends an episode.
func (t *throttle) endLocked() {
	t.on.Store(false)
	t.permits, t.rate, t.earned = 0, 0, 0
	t.tallies, t.most, t.taken = nil, 0, 0
}

// answered is told how a call of the method ended at an instance; nil: which one isn't known.
func (t *throttle) answered(by *Instance, e *helium.Error) {
	if e != nil && e.Outcome == helium.NotExecuted && errors.Is(e, helium.ErrOverloaded) {
		t.refused(by, time.Now())
	} else if t.on.Load() {
		t.took(by)
	}
}

// refused takes in that an instance refused a call for load.
func (t *throttle) refused(by *Instance, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.last) >= throttlePause {
		t.endLocked()
	}
	if t.last = now; now.Sub(t.since) >= throttlePause {
		t.since, t.refusals = now, 0
	}
	if t.refusals++; t.refusals >= throttleAfter && t.tallies == nil {
		t.permits, t.tallies = throttleAfter, make(map[*Instance]int)
		t.filled, t.earnedSince = now, now
		t.on.Store(true)
	}
	if t.tallies != nil {
		t.tallies[by] += 0 // it is one of those that what is sent goes to
	}
}

// took takes in that an instance took a call.
func (t *throttle) took(by *Instance) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tallies == nil {
		return // the episode has ended meanwhile
	}
	if t.taken++; t.taken > tallyMemory {
		t.halveLocked()
	}
	if t.tallies[by]++; t.tallies[by] > t.most {
		t.most = t.tallies[by]
		more := float64(permitsEach * len(t.tallies))
		if t.earned += more; t.rate == 0 {
			t.permits += more
		}
	}
}

// halveLocked has what instances took count half, and forgets those that took nothing: they may be
// gone, and are here again with their next answer.
func (t *throttle) halveLocked() {
	t.most, t.taken = t.most/2, 0
	for i, n := range t.tallies {
		if t.tallies[i] = n / 2; n < 2 {
			delete(t.tallies, i)
		}
	}
}
