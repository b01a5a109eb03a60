package part

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// waiting returns how many of a crew have nothing to do, once all others wait for something else.
func (c *crew) waiting() int {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.idle)
}

func TestOnlyThoseOfACrewAreLetGoWhomNobodyNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all crew
		all.hire(100)
		all.tend(time.Now()) // from now on it counts who is needed
		busy := func(count int) {
			goOn := make(chan struct{})
			for range count {
				all.Go(func() { <-goOn })
			}
			synctest.Wait()
			close(goOn)
			synctest.Wait()
		}
		for _, c := range []struct{ needed, want int }{{100, 100}, {30, 30}, {10, 10}, {50, 50}, {0, 0}, {3, 3}} {
			busy(min(c.needed, 7))
			busy(c.needed)
			busy(min(c.needed, 2))
			time.Sleep(spareTime)
			for range 100 / fewAtOnce {
				all.tend(time.Now())
			}
			if got := all.waiting(); got != c.want {
				t.Errorf("%d are left once up to %d were needed at the same moment, want %d", got, c.needed, c.want)
			}
		}
		all.dismiss()
	})
}

func TestACrewThatWasHiredDoesAllWithoutFurtherGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it fails, too, if a goroutine is left at the end
		var all crew
		all.hire(100)
		if got := all.waiting(); got != 100 {
			t.Errorf("%d goroutines were hired, want 100", got)
		}
		var done atomic.Int64
		for range 10 {
			goOn := make(chan struct{})
			for range 100 { // at the same moment
				all.Go(func() { <-goOn; done.Add(1) })
			}
			if got := all.waiting(); got != 0 {
				t.Errorf("%d goroutines wait while 100 things are done, want none", got)
			}
			close(goOn)
			if got := all.waiting(); got != 100 {
				t.Errorf("%d goroutines did 100 things, want the 100 that were there", got)
			}
		}
		all.Go(func() { done.Add(1) })
		all.dismiss()
		synctest.Wait()
		if done.Load() != 1001 {
			t.Errorf("%d of 1,001 things were done, want all", done.Load())
		}
	})
}
