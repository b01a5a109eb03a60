// Package retries decides whether a call is made again, and when: once it has failed, or a second time beside
// the first as that takes unusually long.
//
//   - rule.go: which failures allow it, and the pause before
//   - budget.go: how many retries there may be for so many calls
//   - load.go: whether it helps where calls are refused for load
//   - latency.go: what is unusually long
package retries

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Budget bounds retries to a tenth of the calls, so that a struggling service isn't buried by
// them: each call puts in a tenth of a retry, each retry takes one out. A few are there from the
// start. What isn't taken is kept for a while, not for ever: when an instance falls silent, all
// calls that it had in two seconds have to go elsewhere at once, and for that there have to be as
// many. Calls are counted when they end, so none writes here.
//
//	left, in retries, at 200 calls/s     400 ┤      ╭───────╮        ╭────
//	                                         │   ╭──╯       │     ╭──╯
//	                                      10 ┼───╯          ╰─────╯
//	                                          a program      an instance
//	                                          begins         falls silent
type Budget struct {
	calls *atomic.Uint64 // those that ended so far

	mu      sync.Mutex
	counted uint64    // guarded by mu; of calls, when a retry was last wanted
	at      time.Time // guarded by mu; when that was
	left    float64   // guarded by mu; how many retries there were then
}

const (
	share   = 0.1              // retries that a call puts in
	reserve = 10               // that are kept for good
	keptFor = 20 * time.Second // what is beyond those shrinks to 1/e in this time
)

// Open begins to count.
func (b *Budget) Open(calls *atomic.Uint64) {
	b.calls, b.at, b.left = calls, time.Now(), reserve
}

// Take reports whether there was enough for a retry.
func (b *Budget) Take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.countLocked(time.Now())
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// countLocked takes in the calls that have ended since a retry was last wanted, as if they had come
// evenly: whatever is left shrinks as time passes, and so does what a call has put in since then.
func (b *Budget) countLocked(now time.Time) {
	calls := b.calls.Load()
	put := share * float64(calls-b.counted)
	kept := b.left + put
	if age := now.Sub(b.at).Seconds() / keptFor.Seconds(); age > 0 {
		kept = b.left*math.Exp(-age) - put*math.Expm1(-age)/age
	}
	b.left = max(kept, min(b.left+put, reserve))
	b.counted, b.at = calls, now
}
