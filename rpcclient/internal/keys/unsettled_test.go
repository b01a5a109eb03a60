package keys

import (
	"fmt"
	"testing"
	"time"
)

func TestWhereACallMayHaveRunIsRememberedForTwoMinutesOrUntilThatIsSettled(t *testing.T) {
	var u Unsettled
	now := time.Now()
	id := ID{"shop", "pay", "order-1"}
	if got := u.At(id, now); got != "" {
		t.Errorf("of nothing it says %q", got)
	}
	u.Add(id, "i1", now, now.Add(time.Minute))
	for at, want := range map[time.Duration]string{0: "i1", 3*time.Minute - 1: "i1", 3 * time.Minute: ""} {
		if got := u.At(id, now.Add(at)); got != want {
			t.Errorf("after %v it says %q, want %q", at, got, want)
		}
	}
	if got := u.At(ID{"shop", "refund", "order-1"}, now); got != "" {
		t.Errorf("of another method it says %q", got)
	}
	u.Settle(id)
	if got := u.At(id, now); got != "" {
		t.Errorf("once it is settled it says %q", got)
	}
}

func TestWhatIsRememberedOfCallsIsBounded(t *testing.T) {
	var u Unsettled
	now := time.Now()
	for i := range 3 * maxUnsettled {
		u.Add(ID{"shop", "pay", fmt.Sprint(i)}, "i1", now, now)
		if i%3 == 0 {
			u.Settle(ID{"shop", "pay", fmt.Sprint(i)})
		}
		if len(u.byID) > maxUnsettled || u.calls.Len() > maxUnsettled {
			t.Fatalf("%d calls are remembered and %d in their order, want %d at most", len(u.byID), u.calls.Len(), maxUnsettled)
		}
	}
	last := ID{"shop", "pay", fmt.Sprint(3*maxUnsettled - 1)}
	if got := u.At(last, now); got != "i1" {
		t.Errorf("of the latest it says %q", got)
	}
	u.Add(ID{"shop", "pay", "much later"}, "i1", now.Add(time.Hour), now.Add(time.Hour))
	if len(u.byID) != 1 || u.calls.Len() != 1 {
		t.Errorf("an hour later %d calls are remembered and %d in their order, want 1", len(u.byID), u.calls.Len())
	}
}

func TestWhatIsSettledTakesNoRoomFromCallsThatArent(t *testing.T) {
	var u Unsettled
	now := time.Now()
	open := ID{"shop", "pay", "open"}
	u.Add(open, "i1", now, now)
	for i := range 2 * maxUnsettled {
		id := ID{"shop", "pay", fmt.Sprint(i)}
		u.Add(id, "i1", now, now)
		u.Settle(id)
	}
	if got := u.At(open, now); got != "i1" {
		t.Errorf("of a call that isn't settled it says %q, want i1: the %d since then are", got, 2*maxUnsettled)
	}
	// One that is called again and again is the latest each time.
	for i := range maxUnsettled - 1 {
		u.Add(ID{"shop", "pay", fmt.Sprint(i)}, "i1", now, now)
	}
	u.Add(open, "i2", now, now)
	u.Add(ID{"shop", "pay", "one more"}, "i1", now, now)
	if got := u.At(open, now); got != "i2" {
		t.Errorf("of the call before the last one it says %q, want i2", got)
	}
}
