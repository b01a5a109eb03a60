package part

import (
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func TestACrewThatWasHiredDoesAllWithoutFurtherGoroutines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := runtime.NumGoroutine()
		var all crew
		all.hire(100)
		synctest.Wait()
		hired := runtime.NumGoroutine()
		if hired-before != 100 {
			t.Errorf("%d goroutines were hired, want 100", hired-before)
		}
		var done atomic.Int64
		for range 10 {
			goOn := make(chan struct{})
			for range 100 { // at the same moment
				all.Go(func() { <-goOn; done.Add(1) })
			}
			synctest.Wait()
			if got := runtime.NumGoroutine(); got != hired {
				t.Errorf("%d goroutines do 100 things, want the %d that were there", got, hired)
			}
			close(goOn)
			synctest.Wait()
		}
		all.Go(func() { done.Add(1) })
		all.dismiss()
		synctest.Wait()
		if got := runtime.NumGoroutine(); done.Load() != 1001 || got != before {
			t.Errorf("%d of 1,001 things were done, and %d goroutines are left of %d before; want all, and none", done.Load(), got, before)
		}
	})
}
