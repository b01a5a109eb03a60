package link

import (
	"sync/atomic"
	"time"
)

// carrier is a link as the calls that left by it know it: how many of them are in flight, and how
// long one lately took to be answered. Both of the bus are unknown, as nobody chooses by them.
type carrier struct {
	inFlight atomic.Int64

	// One call at a time is timed.
	timed atomic.Uint64 // its number; 0: none
	since atomic.Int64  // when its message was begun
	took  atomic.Int64  // what those before took, on average, in nanoseconds; 0: none was timed yet
	at    atomic.Int64  // when that was found
}

const (
	// firstTook is what a call takes before any was timed.
	firstTook = 200 * time.Microsecond
	// tookHalves is how long it takes for what calls took to count half: a link that was slow
	// gets another try.
	tookHalves = 5 * time.Second
)

// clockBase is what the times of carriers count from.
var clockBase = time.Now()

// leaves takes note that calls leave in a message that was begun at a certain time.
func (by *carrier) leaves(began time.Time, seqs []uint64) {
	if len(seqs) > 0 && by.timed.Load() == 0 {
		by.since.Store(int64(began.Sub(clockBase)))
		by.timed.Store(seqs[len(seqs)-1])
	}
}

// answered takes note that a call was answered.
func (by *carrier) answered(seq uint64) {
	if by.timed.Load() != seq {
		return
	}
	now := int64(time.Since(clockBase))
	took, before := max(now-by.since.Load(), 1), by.took.Load()
	if before != 0 {
		took = before + (took-before)/4
	}
	by.took.Store(took)
	by.at.Store(now)
	by.timed.Store(0)
}

// over takes note that a call isn't in flight any more.
func (by *carrier) over(seq uint64) {
	by.inFlight.Add(-1)
	if by.timed.Load() == seq {
		by.timed.Store(0)
	}
}

// load returns about how long one more call would take to be answered.
func (by *carrier) load(now time.Time) time.Duration {
	at := int64(now.Sub(clockBase))
	took := by.took.Load()
	if took == 0 {
		took = int64(firstTook)
	} else if halves := (at - by.at.Load()) / int64(tookHalves); halves > 0 {
		took >>= min(halves, 30)
	}
	if by.timed.Load() != 0 {
		took = max(took, at-by.since.Load()) // it takes at least so long
	}
	return time.Duration((by.inFlight.Load() + 1) * took)
}
