package retries

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/helium-rpc/helium"
)

// ErrResultLost marks the error of a call that ran and whose result was lost on its way.
var ErrResultLost = errors.New("its result was lost on the way")

// May decides by what is certain: a call is made again if it provably didn't run
// and the reason may pass, or if its method is idempotent and the call got lost.
func May(e *helium.Error, idempotent bool) bool {
	switch e.Outcome {
	case helium.NotExecuted:
		return e.Code == helium.CodeUnavailable || errors.Is(e, helium.ErrOverloaded) || errors.Is(e, helium.ErrNoMethod)
	case helium.Unknown:
		return idempotent && e.Code == helium.CodeUnavailable
	case helium.Executed:
		return idempotent && e.Code == helium.CodeUnavailable && errors.Is(e, ErrResultLost)
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

// Pause waits after an attempt. It reports false if the call has no time left for
// another one.
func Pause(ctx context.Context, attempt int, deadline time.Time) bool {
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
