package rpcclient

import (
	"fmt"
	"testing"
	"time"
)

func TestWhereACallMayHaveRunIsRememberedForTwoMinutesOrUntilThatIsSettled(t *testing.T) {
	var u unsettled
	now := time.Now()
	id := callID{"shop", "pay", "order-1"}
	if got := u.at(id, now); got != "" {
		t.Errorf("of nothing it says %q", got)
	}
	u.add(id, "i1", now, now.Add(time.Minute))
	for at, want := range map[time.Duration]string{0: "i1", 3*time.Minute - 1: "i1", 3 * time.Minute: ""} {
		if got := u.at(id, now.Add(at)); got != want {
			t.Errorf("after %v it says %q, want %q", at, got, want)
		}
	}
	if got := u.at(callID{"shop", "refund", "order-1"}, now); got != "" {
		t.Errorf("of another method it says %q", got)
	}
	u.settle(id)
	if got := u.at(id, now); got != "" {
		t.Errorf("once it is settled it says %q", got)
	}
}

func TestWhatIsRememberedOfCallsIsBounded(t *testing.T) {
	var u unsettled
	now := time.Now()
	for i := range 3 * maxUnsettled {
		u.add(callID{"shop", "pay", fmt.Sprint(i)}, "i1", now, now)
		if i%3 == 0 {
			u.settle(callID{"shop", "pay", fmt.Sprint(i)})
		}
		if len(u.byID) > maxUnsettled || len(u.queue) > maxUnsettled {
			t.Fatalf("%d calls are remembered and %d in the queue, want %d at most", len(u.byID), len(u.queue), maxUnsettled)
		}
	}
	last := callID{"shop", "pay", fmt.Sprint(3*maxUnsettled - 1)}
	if got := u.at(last, now); got != "i1" {
		t.Errorf("of the latest it says %q", got)
	}
	u.add(callID{"shop", "pay", "much later"}, "i1", now.Add(time.Hour), now.Add(time.Hour))
	if len(u.byID) != 1 || len(u.queue) != 1 {
		t.Errorf("an hour later %d calls are remembered and %d in the queue, want 1", len(u.byID), len(u.queue))
	}
}
