package rpcclient

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// retryBudget bounds retries to a tenth of the calls, so that a struggling service
// isn't buried by them: every call pays in a tenth, a retry takes out one.
type retryBudget struct{ spent atomic.Int64 } // tenths below full

// budgetSize is how many retries may come in a row, in tenths.
const budgetSize = 100

// pay is done for each call.
func (b *retryBudget) pay() {
	if b.spent.Load() > 0 {
		b.spent.Add(-1)
	}
}

// take reports whether there was enough for a retry.
func (b *retryBudget) take() bool {
	if b.spent.Add(10) <= budgetSize {
		return true
	}
	b.spent.Add(-10)
	return false
}

// mayRetry decides by what is certain: a call is made again if it provably didn't run
// and the reason may pass, or if its method is idempotent and the call got lost.
func mayRetry(e *helium.Error, idempotent bool) bool {
	switch e.Outcome {
	case helium.NotExecuted:
		return e.Code == helium.Unavailable || e.Reason == "helium.overloaded"
	case helium.Unknown:
		return idempotent && e.Code == helium.Unavailable
	}
	return false
}

// pause waits before the next attempt, a few milliseconds the first time and five
// times that the second, each at random. It reports false if the call has no time left.
func pause(ctx context.Context, attempt int, deadline time.Time) bool {
	longest := 5 * time.Millisecond
	for range attempt - 1 {
		longest *= 5
	}
	wait := longest/5 + rand.N(longest*4/5)
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
