package rpcserver

import (
	"testing"
	"time"
)

func TestQuickCallsStallTheReceiverForAPartOfTheTimeAtMost(t *testing.T) {
	var b stallBudget
	now := time.Now()
	if b.spent(now) {
		t.Error("spent before any")
	}
	// A burst is free.
	b.spend(now, stallBurst)
	if b.spent(now) {
		t.Errorf("one of %v has spent it", stallBurst)
	}
	b.spend(now, time.Millisecond)
	if !b.spent(now) {
		t.Errorf("one of %v more hasn't spent it", time.Millisecond)
	}
	if later := now.Add(stallShare * time.Millisecond); b.spent(later) {
		t.Errorf("it still is spent after %v", later.Sub(now))
	}
	// What comes now and then within the share never spends it.
	for range 1000 {
		now = now.Add(stallShare * time.Millisecond)
		b.spend(now, time.Millisecond)
		if b.spent(now.Add(stallShare * time.Millisecond)) {
			t.Fatalf("a stall of 1 ms every %d ms has spent it", stallShare)
		}
	}
}
