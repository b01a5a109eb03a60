package rpcclient

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// retryBudget bounds retries to a tenth of the calls, so that a struggling service isn't buried by
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
type retryBudget struct {
	calls *atomic.Uint64 // those that ended so far

	mu      sync.Mutex
	counted uint64    // guarded by mu; of calls, when a retry was last wanted
	at      time.Time // guarded by mu; when that was
	left    float64   // guarded by mu; how many retries there were then
}

const (
	retryShare   = 0.1              // retries that a call puts in
	retryReserve = 10               // that are kept for good
	retriesKept  = 20 * time.Second // what is beyond those shrinks to 1/e in this time
)

// open begins to count.
func (b *retryBudget) open(calls *atomic.Uint64) {
	b.calls, b.at, b.left = calls, time.Now(), retryReserve
}

// take reports whether there was enough for a retry.
func (b *retryBudget) take() bool {
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
func (b *retryBudget) countLocked(now time.Time) {
	calls := b.calls.Load()
	put := retryShare * float64(calls-b.counted)
	kept := b.left + put
	if age := now.Sub(b.at).Seconds() / retriesKept.Seconds(); age > 0 {
		kept = b.left*math.Exp(-age) - put*math.Expm1(-age)/age
	}
	b.left = max(kept, min(b.left+put, retryReserve))
	b.counted, b.at = calls, now
}

// mayRetry decides by what is certain: a call is made again if it provably didn't run
// and the reason may pass, or if its method is idempotent and the call got lost.
func mayRetry(e *helium.Error, idempotent bool) bool {
	switch e.Outcome {
	case helium.NotExecuted:
		return e.Code == helium.CodeUnavailable || errors.Is(e, helium.ErrOverloaded) || errors.Is(e, helium.ErrNoMethod)
	case helium.Unknown:
		return idempotent && e.Code == helium.CodeUnavailable
	case helium.Executed:
		return idempotent && e.Code == helium.CodeUnavailable && errors.Is(e, errResultLost)
	}
	return false
}

const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// pauseAfter returns how long to wait after an attempt, the first being 1: between 1
// and 5 ms, five times that after the second, and so on up to a second.
func pauseAfter(attempt int) time.Duration {
	most := firstPause
	for i := 1; i < attempt && most < lastPause; i++ {
		most *= 5
	}
	most = min(most, lastPause)
	return most/5 + rand.N(most*4/5)
}

// pause waits after an attempt. It reports false if the call has no time left for
// another one.
func pause(ctx context.Context, attempt int, deadline time.Time) bool {
	wait := pauseAfter(attempt)
	if time.Until(deadline) <= wait {
		return false
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
