package rpcserver

import (
	"testing"
	"time"
)

func TestASlowCallIsRememberedForAWhile(t *testing.T) {
	var latest methodStats
	if got := latest.slowest(); got != 0 {
		t.Errorf("slowest before any call = %v, want 0: nothing is known", got)
	}
	latest.remember(0)
	if got := latest.slowest(); got <= 0 || got > quick {
		t.Errorf("slowest after a call that took no time = %v, want it known and quick", got)
	}
	latest.remember(time.Millisecond)
	calls := 0
	for ; latest.slowest() > quick; calls++ {
		latest.remember(time.Microsecond)
	}
	if calls < 100 || calls > 1000 {
		t.Errorf("a call of 1 ms is forgotten after %d of 1 µs, want some hundreds", calls)
	}
}
