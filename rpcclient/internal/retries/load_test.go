package retries

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
)

var refusedForLoad = helium.ErrOverloaded.WithOutcome(helium.NotExecuted)

// retryFor has a hundred calls a second be refused for load for some time, and made again where that
// may be, of which the helped-th part is taken. It returns how many were made again.
func retryFor(l *ForLoad, now *time.Time, lasts time.Duration, helped float64) (again int) {
	for end := now.Add(lasts); now.Before(end); *now = now.Add(10 * time.Millisecond) {
		if !l.May(refusedForLoad, true, *now) {
			continue
		}
		again++
		e := refusedForLoad
		if rand.Float64() < helped {
			e = nil
		}
		l.Made(e, *now)
	}
	return again
}

func TestCallsRefusedForLoadAreMadeAgainAsLongAsThatMostlyHelps(t *testing.T) {
	for _, test := range []struct {
		what        string
		helped      float64
		least, most int // of 1,000 calls
	}{
		{"another instance has room", 1, 1000, 1000},
		{"most of the time another one has", 0.9, 1000, 1000},
		{"none has room", 0, 15, 25},
		{"one has room now and then", 0.1, 15, 60},
	} {
		var l ForLoad
		now := time.Now()
		if got := retryFor(&l, &now, 10*time.Second, test.helped); got < test.least || got > test.most {
			t.Errorf("where %s, %d of 1,000 calls are made again, want %d to %d", test.what, got, test.least, test.most)
		}
	}
}

func TestOnceThereIsRoomAgainCallsAreMadeAgain(t *testing.T) {
	var l ForLoad
	now := time.Now()
	retryFor(&l, &now, 10*time.Second, 0)
	if now = now.Add(vainFor); !l.May(refusedForLoad, true, now) {
		t.Error("5 s after the last refusal a call may not be made again")
	}
	l = ForLoad{}
	retryFor(&l, &now, 10*time.Second, 0)
	retryFor(&l, &now, 15*time.Second, 1) // one is tried each second
	if got := retryFor(&l, &now, time.Second, 1); got != 100 {
		t.Errorf("%d of 100 calls are made again after some that helped, want all", got)
	}
}

func TestACallThatFailsOtherwiseIsNoReasonToMakeFewerAgain(t *testing.T) {
	var l ForLoad
	now := time.Now()
	for range 100 {
		for _, e := range []*helium.Error{nil, helium.ErrSilent.WithOutcome(helium.Unknown), helium.ErrOverloaded.WithOutcome(helium.Executed)} {
			if !l.May(refusedForLoad, true, now) {
				t.Fatalf("after %v none is made again", e)
			}
			l.Made(e, now)
		}
	}
}

func TestACallThatHasWaitedForItsTurnInVainIsMadeAgainElsewhereOnly(t *testing.T) {
	for _, test := range []struct {
		waited          string // as the error says; "": it doesn't
		elsewhere, want bool
	}{
		{"", false, true}, {"0", false, true}, {"49", false, true}, {"50", false, false}, {"1000", false, false}, {"1000", true, true},
		{"-50", false, true}, {"long", false, true}, {"99999999999999999999", false, true},
	} {
		var l ForLoad
		e := refusedForLoad
		if test.waited != "" {
			e = e.WithDetail("waited_ms", test.waited)
		}
		if got := l.May(e, test.elsewhere, time.Now()); got != test.want {
			t.Errorf("after %q ms, with another instance %v, a call may be made again: %v, want %v", test.waited, test.elsewhere, got, test.want)
		}
	}
}
