package clocks

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAPulseThatBeatsSeesNoStandstill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		for range 10_000 {
			p.Beat(time.Now())
			time.Sleep(PulseInterval)
			if _, got := p.Look(time.Now()); got != nil {
				t.Fatalf("found %+v, want nothing", *got)
			}
		}
	})
}
