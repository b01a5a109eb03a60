package load

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAMachineThatStoodStillUntilTheEndCutsNoPlanShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls = 100
		start := time.Now()
		p := pace{
			start: start, rate: 1000, count: calls, end: start.Add(calls * time.Millisecond),
			nap: func(time.Duration) { time.Sleep(time.Second) },
		}
		begins, free := make(chan time.Time), make(chan struct{}, calls)
		var callers sync.WaitGroup
		for range calls {
			free <- struct{}{}
			callers.Go(func() {
				for range begins {
				}
			})
		}
		if handed := p.hand(t.Context(), begins, free); handed != calls {
			t.Errorf("%d calls were handed out, want all %d, as all callers are free", handed, calls)
		}
		close(begins)
		callers.Wait()
	})
}

func TestAPlanEndsWithItsTimeWhileAllCallersAreBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := pace{start: start, rate: 1000, count: 100, end: start.Add(100 * time.Millisecond), nap: time.Sleep}
		begins, free := make(chan time.Time, 1), make(chan struct{}, 1)
		free <- struct{}{} // one caller, which isn't free again
		if handed := p.hand(t.Context(), begins, free); handed != 1 {
			t.Errorf("%d calls were handed out, want 1", handed)
		}
		if took := time.Since(start); took != 110*time.Millisecond {
			t.Errorf("it took %v, want 110ms: until the end, and a little more", took)
		}
	})
}
