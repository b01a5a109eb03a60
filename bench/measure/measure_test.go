package measure

import (
	"errors"
	"math"
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

func TestTheMedianIsTheMiddleValue(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		before := slices.Clone(c.values)
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
		if !slices.Equal(before, c.values) {
			t.Errorf("Median turned its argument %v into %v", before, c.values)
		}
	}
}

func TestASpreadTellsHowFarRoundsAreApart(t *testing.T) {
	s := SpreadOf([]float64{110, 90, 100})
	if want := (Spread{Median: 100, Low: 90, High: 110}); s != want {
		t.Errorf("SpreadOf = %+v, want %+v", s, want)
	}
	if got := s.Relative(); math.Abs(got-0.2) > 1e-9 {
		t.Errorf("Relative = %v, want 0.2", got)
	}
	if got := SpreadOf(nil); got != (Spread{}) || got.Relative() != 0 {
		t.Errorf("SpreadOf(nil) = %+v, %v apart; want zeros", got, got.Relative())
	}
}

func TestAPercentileIsTheSmallestValueThatEnoughDoNotExceed(t *testing.T) {
	values := make([]int64, 200)
	for i := range values {
		values[len(values)-1-i] = int64(i + 1) // 200, 199, … 1
	}
	for _, c := range []struct {
		p    float64
		want int64
	}{{0, 1}, {50, 100}, {99, 198}, {99.9, 200}, {100, 200}} {
		if got := Percentile(values, c.p); got != c.want {
			t.Errorf("Percentile(%v) of 1…200 = %d, want %d", c.p, got, c.want)
		}
	}
}

func TestAScheduleSpreadsCallsEvenly(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := schedule{start: start, rate: 300}
	if got, want := s.at(300), start.Add(time.Second); !got.Equal(want) {
		t.Errorf("call 300 of 300 a second starts at %v, want %v", got, want)
	}
	if got := s.due(start.Add(-time.Nanosecond)); got != 0 {
		t.Errorf("%d calls are due before the start, want 0", got)
	}
	for i := range 1000 {
		at := s.at(i)
		if got := s.due(at); got != i+1 {
			t.Fatalf("when call %d starts, %d are due; want %d", i, got, i+1)
		}
		if got := s.due(at.Add(-1)); got != i {
			t.Fatalf("just before call %d starts, %d are due; want %d", i, got, i)
		}
	}
}

func TestAClosedLoopKeepsSoManyCallsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var inFlight, most atomic.Int64
		call := func() error {
			n := inFlight.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(10 * time.Millisecond)
			inFlight.Add(-1)
			return nil
		}
		sample := Closed(call, 8, time.Second)
		if most.Load() != 8 {
			t.Errorf("at most %d calls were in flight, want 8", most.Load())
		}
		// Each worker makes one each 10 ms.
		if sample.Calls != 800 || sample.PerSecond != 800 {
			t.Errorf("%d calls, %v/s; want 800, 800/s", sample.Calls, sample.PerSecond)
		}
		if off := sample.P99 - 10*time.Millisecond; off.Abs() > 100*time.Microsecond {
			t.Errorf("p99 = %v, want 10ms within 1 %%", sample.P99)
		}
	})
}

func TestACallThatIsUnderWayAtTheEndCountsByItsPartBeforeIt(t *testing.T) {
	for _, c := range []struct {
		took, window time.Duration
		want         float64 // calls a second of four workers
	}{
		{160 * time.Millisecond, 400 * time.Millisecond, 25}, // two and a half each, of which two end within it
		{time.Second, 400 * time.Millisecond, 4},             // none ends within it
	} {
		synctest.Test(t, func(t *testing.T) {
			call := func() error { time.Sleep(c.took); return nil }
			if got := Closed(call, 4, c.window).PerSecond; math.Abs(got-c.want) > 1e-9 {
				t.Errorf("calls of %v in %v: %v a second, want %v", c.took, c.window, got, c.want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		call := func() error { time.Sleep(time.Second); return errors.New("busy") }
		if got := Closed(call, 4, 400*time.Millisecond).PerSecond; got != 0 {
			t.Errorf("calls that fail: %v a second, want none", got)
		}
	})
}

func TestAWindowThatIsOverBeforeItBeginsStillHasACall(t *testing.T) {
	if sample := Closed(func() error { return nil }, 2, time.Nanosecond); sample.Calls < 2 {
		t.Errorf("%d calls, want one of each worker at least", sample.Calls)
	}
}

func TestFailedCallsCountAsFailedOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		sample := Closed(func() error {
			time.Sleep(time.Millisecond)
			if n.Add(1)%2 == 0 {
				return errors.New("busy")
			}
			return nil
		}, 1, 100*time.Millisecond)
		if sample.Calls != 100 || sample.Failed != 50 || sample.Error != "busy" || sample.PerSecond != 500 {
			t.Errorf("got %+v; want 100 calls, 50 failed by %q, 500/s", sample, "busy")
		}
	})
}

func TestAnOpenLoopTimesCallsFromWhenTheyWereMeantToStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// A system that stands still for 100 ms in the middle of a second. All calls
		// that were meant to start meanwhile are slow, though each takes no time.
		begin := time.Now()
		stall, over := begin.Add(401*time.Millisecond), begin.Add(501*time.Millisecond)
		sample := Open(func() error {
			if now := time.Now(); !now.Before(stall) && now.Before(over) {
				time.Sleep(over.Sub(now))
			}
			return nil
		}, 1000, time.Second)
		if sample.Calls != 1000 || sample.Late != 0 {
			t.Errorf("%d calls, %d late; want 1000, 0", sample.Calls, sample.Late)
		}
		if sample.P50 > time.Millisecond {
			t.Errorf("p50 = %v, want next to nothing", sample.P50)
		}
		if off := sample.P99 - 91*time.Millisecond; off.Abs() > 2*time.Millisecond {
			t.Errorf("p99 = %v, want about 90ms: a tenth of the calls waited up to 100ms", sample.P99)
		}
	})
}

func TestAnOpenLoopSaysWhenTheRateWasTooHigh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sample := Open(func() error { time.Sleep(5 * time.Second); return nil }, 2*maxOpen, time.Second)
		if sample.Late < maxOpen-1 || sample.Calls > maxOpen {
			t.Errorf("%d calls, %d late; want at most %d, and about as many late", sample.Calls, sample.Late, maxOpen)
		}
	})
}

func TestUsageGrows(t *testing.T) {
	before := Self()
	kept := make([][]byte, 0, 1000)
	for range 1000 {
		kept = append(kept, make([]byte, 64))
	}
	deadline := time.Now().Add(20 * time.Second)
	for cpuTime() == before.CPU && time.Now().Before(deadline) {
		kept[0][0]++
	}
	used := Self().Since(before)
	if used.Mallocs < 1000 || used.CPU <= 0 || len(kept) != 1000 {
		t.Errorf("1000 allocations and some work count as %d, %v", used.Mallocs, used.CPU)
	}
}
