package part

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestACrewThatWasHiredDoesAllWithoutFurtherGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // it fails, too, if a goroutine is left at the end
		var all crew
		waiting := func() int {
			synctest.Wait()
			all.mu.Lock()
			defer all.mu.Unlock()
			return len(all.idle)
		}
		all.hire(100)
		if got := waiting(); got != 100 {
			t.Errorf("%d goroutines were hired, want 100", got)
		}
		var done atomic.Int64
		for range 10 {
			goOn := make(chan struct{})
			for range 100 { // at the same moment
				all.Go(func() { <-goOn; done.Add(1) })
			}
			if got := waiting(); got != 0 {
				t.Errorf("%d goroutines wait while 100 things are done, want none", got)
			}
			close(goOn)
			if got := waiting(); got != 100 {
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
