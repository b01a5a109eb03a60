package rpcclient

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// retryBudget bounds retries to a tenth of the calls, so that a struggling service
// isn't buried by them: every call pays in a tenth, a retry takes out one.
type retryBudget struct{ spent atomic.Int64 } // tenths below full; 0 to budgetSize

const (
	retryCost  = 10             // a retry, in tenths
	budgetSize = 10 * retryCost // how many retries may come in a row
)

// pay is done for each call. While nothing is spent it writes nothing, so callers don't
// meet here.
func (b *retryBudget) pay() {
	for spent := b.spent.Load(); spent > 0; spent = b.spent.Load() {
		if b.spent.CompareAndSwap(spent, spent-1) {
			return
		}
	}
}

// take reports whether there was enough for a retry.
func (b *retryBudget) take() bool {
	for {
		spent := b.spent.Load()
		if spent+retryCost > budgetSize {
			return false
		}
		if b.spent.CompareAndSwap(spent, spent+retryCost) {
			return true
		}
	}
}

// mayRetry decides by what is certain: a call is made again if it provably didn't run
// and the reason may pass, or if its method is idempotent and the call got lost.
func mayRetry(e *helium.Error, idempotent bool) bool {
	switch e.Outcome {
	case helium.NotExecuted:
		return e.Code == helium.CodeUnavailable || errors.Is(e, helium.ErrOverloaded) || errors.Is(e, helium.ErrNoMethod)
	case helium.Unknown:
		return idempotent && e.Code == helium.CodeUnavailable
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
