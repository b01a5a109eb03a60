package rpcserver

import (
	"testing"
	"time"
)

func TestItemsForWhoGivesNoCreditLeaveAtACertainPace(t *testing.T) {
	for _, test := range []struct {
		name       string
		size       int
		atOnce     int // items that leave without a pause, at least
		perSecond  int
		idleBefore time.Duration
	}{
		{"small items", 10, paceItems, paceItems, 0},
		{"of 1 KiB", 1 << 10, 8 << 10, 8 << 10, 0},
		{"of 1 MiB", 1 << 20, 8, 8, 0},
		{"behind a pause", 1 << 20, 8, 8, time.Hour},
	} {
		var p pace
		now := time.Now()
		p.delay(test.size, now)
		now = now.Add(test.idleBefore)
		sent := 1
		if test.idleBefore > 0 {
			sent = 0
		}
		for p.delay(test.size, now) == 0 && sent < 2*test.atOnce {
			sent++
		}
		if sent < test.atOnce || sent > test.atOnce+test.atOnce/50+1 {
			t.Errorf("%s: %d left at once, want %d", test.name, sent, test.atOnce)
		}
		began, count := now, 0
		for now.Sub(began) < 100*time.Second {
			now = now.Add(p.delay(test.size, now))
			count++
			if count > 200*test.perSecond {
				break
			}
		}
		if got, want := float64(count)/100, float64(test.perSecond); got < 0.97*want || got > 1.03*want {
			t.Errorf("%s: %.1f left a second, want %.0f", test.name, got, want)
		}
	}
}
