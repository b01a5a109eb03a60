package bus

import (
	"testing"
	"time"
)

func TestRetriesBeginQuicklyAndNeverGetRare(t *testing.T) {
	for _, c := range []struct {
		attempt  int
		min, max time.Duration
	}{
		{-1, 0, 100 * time.Millisecond},
		{1, 0, 100 * time.Millisecond},
		{2, 100 * time.Millisecond, 200 * time.Millisecond},
		{5, 800 * time.Millisecond, 1600 * time.Millisecond},
		{6, time.Second, 2 * time.Second},
		{1 << 40, time.Second, 2 * time.Second},
	} {
		seen := make(map[time.Duration]bool)
		for range 50 {
			got := retryDelay(c.attempt)
			if got < c.min || got > c.max {
				t.Errorf("attempt %d: got %v, want %v to %v", c.attempt, got, c.min, c.max)
			}
			seen[got] = true
		}
		if len(seen) < 2 {
			t.Errorf("attempt %d: got the same delay 50 times, want jitter", c.attempt)
		}
	}
}
