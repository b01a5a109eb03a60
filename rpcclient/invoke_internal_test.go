package rpcclient

import (
	"context"
	"errors"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient/internal/retries"
)

func TestACallThatIsCanceledBeforeItIsMadeAgainStillSaysThatItsResultIsLost(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, before := range map[string]*helium.Error{
		"a lost result": resultLost(helium.ErrDisconnected.WithOutcome(helium.Unknown)),
		"a lost call":   helium.ErrDisconnected.WithOutcome(helium.Unknown),
	} {
		e := endedInPause(ctx, before)
		wasLost := errors.Is(before, retries.ErrResultLost)
		if !errors.Is(e, context.Canceled) || e.Outcome != before.Outcome || errors.Is(e, retries.ErrResultLost) != wasLost {
			t.Errorf("after %s: %v (%v), want that it was canceled, %v, and that the result is lost: %v", name, e, e.Outcome, before.Outcome, wasLost)
		}
	}
}
