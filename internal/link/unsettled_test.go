package link_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/link"
)

func TestAnErrorWhoseOutcomeIsKnownAfterAllSaysNoMoreThatNobodyCanTell(t *testing.T) {
	cause := errors.New("broken pipe")
	e := link.Settled(helium.ErrDisconnected.WithMessage("it failed"+link.Unsettled+": %w", cause).WithOutcome(helium.Unknown), helium.NotExecuted)
	if e.Message != "it failed: broken pipe" || e.Outcome != helium.NotExecuted || !errors.Is(e, cause) || !errors.Is(e, helium.ErrDisconnected) {
		t.Errorf("got %q, %v; want it without what nobody can tell, not executed, and with its cause", e.Message, e.Outcome)
	}
	if !strings.HasSuffix(helium.ErrDisconnected.Message, link.Unsettled) {
		t.Errorf("%q doesn't end with %q, so it says that nobody can tell where somebody can", helium.ErrDisconnected.Message, link.Unsettled)
	}
}
