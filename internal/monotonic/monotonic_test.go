package monotonic

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestItIsBetweenReadingsOfTheUsualClock(t *testing.T) {
	before := time.Now()
	now := Now()
	after := time.Now()
	if now.Before(before) || now.After(after) {
		t.Errorf("Now is %v after a reading before it and %v before one after it, want neither to be negative", now.Sub(before), after.Sub(now))
	}
	if !Has(now) {
		t.Error("Now has no monotonic reading")
	}
}

func TestItKeepsToFakeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, beganHere := time.Now(), Now()
		time.Sleep(time.Hour)
		if beganHere.Sub(began) != 0 {
			t.Errorf("Now is %v away from time.Now, want nothing", beganHere.Sub(began))
		}
		if passed := Now().Sub(began); passed != time.Hour {
			t.Errorf("%v have passed, want 1h", passed)
		}
	})
}

func TestTimesOfCalendarsHaveNoReading(t *testing.T) {
	for _, calendar := range []time.Time{{}, time.Unix(1, 0), time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), time.Now().Round(0)} {
		if Has(calendar) {
			t.Errorf("%v has a monotonic reading, want none", calendar)
		}
	}
	if later := time.Now().Add(time.Hour); !Has(later) {
		t.Errorf("%v has no monotonic reading", later)
	}
}
