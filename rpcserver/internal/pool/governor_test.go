package pool

import (
	"testing"
	"time"
)

// fakeWaits are a [waitSource] of which a test says what it has counted.
type fakeWaits struct {
	count  uint64
	median time.Duration
}

func (w *fakeWaits) begin()                          {}
func (w *fakeWaits) waited() (uint64, time.Duration) { return w.count, w.median }

func TestFewerCallsRunWhileGoroutinesWaitForAProcessor(t *testing.T) {
	waits := &fakeWaits{count: 1000, median: 20 * time.Millisecond}
	g := newGovernor(4, 1024, waits)
	g.begin()
	if g.limit != 1024 {
		t.Fatalf("%d calls may run at first, want all that may, 1024", g.limit)
	}
	for _, want := range []int{50, 25, 12, 6, 4, 4, 4} {
		if g.look(min(100, g.limit), 5000); g.limit != want {
			t.Fatalf("%d calls may run, want %d: half as many as run, and never less than 4", g.limit, want)
		}
	}
	waits.median = 2 * time.Millisecond
	if g.look(4, 5000); g.limit != 4 {
		t.Errorf("%d calls may run while goroutines wait for 2 ms, want 4 still", g.limit)
	}
	waits.median = 100 * time.Microsecond
	for _, want := range []int{8, 16, 32, 64, 128, 256, 512, 1024, 1024} {
		if g.look(g.limit, 5000); g.limit != want {
			t.Fatalf("%d calls may run once the processors have time, want %d", g.limit, want)
		}
	}
}

func TestMoreCallsMayRunOnlyIfThatIsWhatTheyWaitFor(t *testing.T) {
	g := newGovernor(4, 1024, &fakeWaits{count: 1000})
	g.limit = 10
	g.begin()
	for _, c := range []struct{ running, waiting int }{{10, 0}, {5, 100}} {
		if g.look(c.running, c.waiting); g.limit != 10 {
			t.Errorf("%d calls may run, want 10: %d run and %d wait", g.limit, c.running, c.waiting)
		}
	}
}

func TestAFewWaitsAreNoReasonYet(t *testing.T) {
	g := newGovernor(4, 1024, &fakeWaits{count: enoughWaits - 1, median: time.Second})
	g.begin()
	for look := 1; look < patientPauses; look++ {
		if g.look(100, 100); g.limit != 1024 {
			t.Fatalf("after %d looks %d calls may run, want 1024 still", look, g.limit)
		}
	}
	if g.look(100, 100); g.limit != 50 {
		t.Errorf("after %d looks %d calls may run, want 50: what there is has to do", patientPauses, g.limit)
	}
}

func TestTheRuntimeCountsHowLongGoroutinesWait(t *testing.T) {
	w := newSchedulerWaits()
	for range 1000 { // one in eight is counted
		done := make(chan bool)
		go close(done)
		<-done
	}
	if count, median := w.waited(); count == 0 || median < 0 || median > time.Second {
		t.Errorf("%d waits were counted, half of them shorter than %v; want some", count, median)
	}
	w.begin()
	if count, _ := w.waited(); count > 50 {
		t.Errorf("%d waits were counted right after the beginning, want about none", count)
	}
}

func TestTheSchedulersLatencyIsThatBetweenTheLastTwoLooks(t *testing.T) {
	waits := &fakeWaits{count: 100, median: time.Second}
	l := newSchedulerLatency(waits)
	began := l.began
	for _, look := range []struct{ after, counted, want time.Duration }{
		{0, time.Second, 0}, // of too short a time
		{latencyPause, 7 * time.Millisecond, 7 * time.Millisecond},
		{latencyPause + time.Millisecond, time.Second, 7 * time.Millisecond},
		{3 * latencyPause, time.Millisecond, time.Millisecond},
		{4 * latencyPause, -1, 0},
	} {
		waits.median = look.counted
		if got := l.Look(began.Add(look.after)); got != look.want {
			t.Errorf("after %v it is %v, want %v", look.after, got, look.want)
		}
	}
}
