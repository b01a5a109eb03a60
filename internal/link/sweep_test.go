package link

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// due is a set of deadlines that a sweep keeps.
type due struct {
	mu        sync.Mutex
	deadlines map[string]time.Time
	ended     map[string]time.Time
	scans     int
}

func newDue() *due {
	return &due{deadlines: make(map[string]time.Time), ended: make(map[string]time.Time)}
}

func (d *due) scan(now time.Time) (earliest time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.scans++
	for name, deadline := range d.deadlines {
		switch {
		case !deadline.After(now):
			delete(d.deadlines, name)
			d.ended[name] = now
		case earliest.IsZero() || deadline.Before(earliest):
			earliest = deadline
		}
	}
	return earliest
}

func (d *due) add(s *Sweep, name string, in time.Duration) {
	deadline := time.Now().Add(in)
	d.mu.Lock()
	d.deadlines[name] = deadline
	d.mu.Unlock()
	s.Watch(deadline)
}

func TestADeadlineIsKeptWithinATick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDue()
		s := NewSweep(d.scan)
		defer s.Stop()
		start := time.Now()
		in := map[string]time.Duration{"late": time.Hour, "soon": 3 * time.Millisecond, "second": time.Second, "past": -time.Second}
		for _, name := range []string{"late", "soon", "second", "past"} { // later ones may be earlier
			d.add(s, name, in[name])
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		for name, in := range in {
			late := d.ended[name].Sub(start.Add(max(in, 0)))
			if d.ended[name].IsZero() || late < 0 || late > SweepTick {
				t.Errorf("%q ended %v after its deadline, want 0 to %v", name, late, SweepTick)
			}
		}
	})
}

func TestManyDeadlinesShareOneTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDue()
		s := NewSweep(d.scan)
		defer s.Stop()
		// As calls do that take no time and have 10 s each: none is due when the first
		// deadline passes, and they are scanned once, not once each.
		for range 1000 {
			d.add(s, "call", 10*time.Second)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.scans > 4 {
			t.Errorf("%d scans for 1000 deadlines within a second, want at most 4", d.scans)
		}
	})
}

func TestADeadlineThatIsCenturiesAwayCausesNoScans(t *testing.T) {
	for name, in := range map[string]time.Duration{"the longest time": math.MaxInt64, "a tick less": math.MaxInt64 - SweepTick, "a hundred years": 876_000 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			deadline, scans := time.Now().Add(in), 0
			s := NewSweep(func(time.Time) time.Time {
				if scans++; scans >= 10 {
					return time.Time{} // it would go on for ever
				}
				return deadline
			})
			defer s.Stop()
			time.Sleep(time.Second)
			s.Watch(deadline)
			time.Sleep(time.Hour)
			synctest.Wait()
			if scans > 0 {
				t.Errorf("%s: %d scans in an hour, want none", name, scans)
			}
			s.Watch(time.Now())
			time.Sleep(time.Hour)
			synctest.Wait()
			if scans != 1 {
				t.Errorf("%s: %d scans for one that is due, want 1", name, scans)
			}
		})
	}
}

func TestDeadlinesThatComeDuringAScanAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDue()
		var s *Sweep
		first := true
		s = NewSweep(func(now time.Time) time.Time {
			earliest := d.scan(now)
			if first {
				first = false
				d.add(s, "during", 50*time.Millisecond)
			}
			return earliest
		})
		defer s.Stop()
		d.add(s, "first", 20*time.Millisecond)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(d.ended) != 2 {
			t.Errorf("ended = %v, want both deadlines", d.ended)
		}
	})
}

func TestAStoppedSweepScansNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDue()
		s := NewSweep(d.scan)
		d.add(s, "never", time.Second)
		s.Stop()
		d.add(s, "nor this", time.Second)
		time.Sleep(time.Minute)
		synctest.Wait()
		if d.scans != 0 {
			t.Errorf("%d scans after Stop, want 0", d.scans)
		}
	})
}
