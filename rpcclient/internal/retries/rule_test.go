package retries

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
)

func TestThePauseGrowsAndIsRandom(t *testing.T) {
	for _, c := range []struct {
		attempt     int
		least, most time.Duration
	}{
		{1, time.Millisecond, 5 * time.Millisecond},
		{2, 5 * time.Millisecond, 25 * time.Millisecond},
		{3, 25 * time.Millisecond, 125 * time.Millisecond},
		{6, 200 * time.Millisecond, time.Second},
		{1000, 200 * time.Millisecond, time.Second},
	} {
		seen := make(map[time.Duration]bool)
		for range 200 {
			got := pauseAfter(c.attempt)
			if got < c.least || got > c.most {
				t.Fatalf("the pause after attempt %d is %v, want %v to %v", c.attempt, got, c.least, c.most)
			}
			seen[got] = true
		}
		if len(seen) < 50 {
			t.Errorf("200 pauses after attempt %d have %d lengths, want them spread", c.attempt, len(seen))
		}
	}
}

func TestThePauseEndsWithTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if !Pause(t.Context(), 2, began.Add(time.Minute)) {
			t.Error("a call with a minute left may not go on")
		}
		if took := time.Since(began); took < 5*time.Millisecond || took > 25*time.Millisecond {
			t.Errorf("the pause took %v, want 5 to 25 ms", took)
		}

		began = time.Now()
		if Pause(t.Context(), 2, began.Add(5*time.Millisecond)) {
			t.Error("a call without the time for the pause may go on")
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("it was told after %v, want at once", took)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond/2)
		defer cancel()
		began = time.Now()
		if Pause(ctx, 3, began.Add(time.Minute)) {
			t.Error("a call whose context ended may go on")
		}
		if took := time.Since(began); took != time.Millisecond/2 {
			t.Errorf("it was told after %v, want when the context ended", took)
		}
	})
}

func TestOnlyWhatProvablyDidNotRunIsCalledAgain(t *testing.T) {
	overloaded := helium.NewError(helium.CodeResourceExhausted, "helium.overloaded", "overloaded")
	for _, c := range []struct {
		name              string
		e                 *helium.Error
		plain, idempotent bool
	}{
		{"nobody there", helium.ErrNoInstance.WithOutcome(helium.NotExecuted), true, true},
		{"not sent", helium.ErrNotSent.WithOutcome(helium.NotExecuted), true, true},
		{"overloaded", overloaded.WithOutcome(helium.NotExecuted), true, true},
		{"connection lost", helium.ErrDisconnected.WithOutcome(helium.Unknown), false, true},
		{"timeout", helium.ErrDeadline.WithOutcome(helium.Unknown), false, false},
		{"cancelled", helium.ErrCanceled.WithOutcome(helium.NotExecuted), false, false},
		{"wrong arguments", helium.ErrBadArgument.WithOutcome(helium.NotExecuted), false, false},
		{"not permitted", helium.ErrNotPermitted.WithOutcome(helium.NotExecuted), false, false},
		{"too large", helium.ErrTooLarge.WithOutcome(helium.NotExecuted), false, false},
		{"closed", helium.ErrClientClosed.WithOutcome(helium.NotExecuted), false, false},
		{"the handler's own Unavailable", helium.Errorf(helium.CodeUnavailable, "my database").WithOutcome(helium.Executed), false, false},
	} {
		if got := May(c.e, false); got != c.plain {
			t.Errorf("%s: again = %v, want %v", c.name, got, c.plain)
		}
		if got := May(c.e, true); got != c.idempotent {
			t.Errorf("%s, idempotent: again = %v, want %v", c.name, got, c.idempotent)
		}
	}
}
