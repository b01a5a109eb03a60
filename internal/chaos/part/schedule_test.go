package part

import (
	"testing"
	"time"
)

// starts returns when all calls of a load are meant to start.
func starts(t *testing.T, l Load) (at []time.Duration) {
	t.Helper()
	s := newSchedule(l)
	for next, more := s.next(); more; next, more = s.next() {
		if got, want := s.take(), int64(len(at)); got != want {
			t.Fatalf("call %d is number %d", want, got)
		}
		at = append(at, next)
	}
	return at
}

func TestCallsAtEvenDistancesComeAtTheirRate(t *testing.T) {
	at := starts(t, Load{Rate: 50, For: 2 * time.Second})
	if len(at) != 100 || at[0] != 0 || at[99] != 99*20*time.Millisecond {
		t.Errorf("%d calls, the last one at %v; want 100 and 1.98s", len(at), at[len(at)-1])
	}
}

func TestCallsAtRandomComeAtTheirRateAndDoNotWaitForEachOther(t *testing.T) {
	l := Load{Rate: 1000, For: 10 * time.Second, Random: true}
	at := starts(t, l)
	if n := len(at); n != 10_000 || at[n-1] < 9*time.Second || at[n-1] > 11*time.Second {
		t.Errorf("%d calls, the last one at %v; want 10,000 in about 10s", n, at[n-1])
	}
	// At exponential distances 1 - 1/e of the gaps are shorter than the mean one.
	short := 0
	for i := range at[1:] {
		if at[i+1]-at[i] < time.Millisecond {
			short++
		}
	}
	if short < 6100 || short > 6500 {
		t.Errorf("%d of 9,999 gaps are shorter than the mean one, want about 6,320", short)
	}
	again := starts(t, l)
	if again[5000] != at[5000] {
		t.Errorf("in another run call 5,000 is meant to start at %v, and at %v before; want the same", again[5000], at[5000])
	}
}
