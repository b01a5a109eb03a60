package inline

import (
	"testing"
	"time"
)

func TestQuickCallsStallTheReceiverForAPartOfTheTimeAtMost(t *testing.T) {
	var b Budget
	now := time.Now()
	if b.Spent(now) {
		t.Error("spent before any")
	}
	// A burst is free.
	b.Spend(now, stallBurst)
	if b.Spent(now) {
		t.Errorf("one of %v has spent it", stallBurst)
	}
	b.Spend(now, time.Millisecond)
	if !b.Spent(now) {
		t.Errorf("one of %v more hasn't spent it", time.Millisecond)
	}
	if later := now.Add(stallShare * time.Millisecond); b.Spent(later) {
		t.Errorf("it still is spent after %v", later.Sub(now))
	}
	// What comes now and then within the share never spends it.
	for range 1000 {
		now = now.Add(stallShare * time.Millisecond)
		b.Spend(now, time.Millisecond)
		if b.Spent(now.Add(stallShare * time.Millisecond)) {
			t.Fatalf("a stall of 1 ms every %d ms has spent it", stallShare)
		}
	}
}
