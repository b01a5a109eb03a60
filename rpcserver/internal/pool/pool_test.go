package pool

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// poolOf makes a pool whose calls run functions, and a way to submit those.
func poolOf(workers, maxQueue int) (p *Pool[call], submit func(...func()) int) {
	p = New(workers, maxQueue, 1<<30, Work[call]{
		Describe: func(c *call) Task[call] { return c.task },
		Run: func(c *call) time.Time {
			c.run()
			return time.Now()
		},
		Refuse: func(*call, Reason, time.Time) {},
	})
	return p, func(run ...func()) int {
		now := time.Now()
		calls := make([]*call, len(run))
		for i, body := range run {
			calls[i] = callAt(now, time.Hour)
			calls[i].run = body
		}
		return len(run) - len(p.Submit(calls, now))
	}
}

func TestCallsThatBlockHoldUpNobodyBehindThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(4, 10)
		block := make(chan struct{})
		var quick atomic.Int64
		submit(
			func() { <-block }, func() { <-block }, func() { <-block },
			func() { quick.Add(1) }, func() { quick.Add(1) }, func() { quick.Add(1) },
		)
		synctest.Wait()
		if got := quick.Load(); got != 3 {
			t.Errorf("%d quick calls ran beside three that block, want 3", got)
		}
		if l := p.Load(); l.Running != 3 || l.Waiting != 0 {
			t.Errorf("load = %d running, %d waiting; want 3, 0", l.Running, l.Waiting)
		}
		close(block)
		p.Close()
	})
}

func TestNeverMoreCallsRunThanThereAreWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers = 3
		p, submit := poolOf(workers, 100)
		var running, most, done atomic.Int64
		step := make(chan struct{})
		for range 50 {
			submit(func() {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				<-step
				running.Add(-1)
				done.Add(1)
			})
		}
		for range 50 {
			synctest.Wait()
			if got, want := running.Load(), min(workers, 50-done.Load()); got != want {
				t.Fatalf("%d calls run, want %d: as many as may", got, want)
			}
			step <- struct{}{}
		}
		synctest.Wait()
		if most.Load() != workers || done.Load() != 50 {
			t.Errorf("most at once = %d, done = %d; want %d, 50", most.Load(), done.Load(), workers)
		}
		p.Close()
	})
}

func TestCallsBeginInTheOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1, 1000)
		var order []int
		gate := make(chan struct{})
		submit(func() { <-gate })
		for i := range 500 {
			submit(func() { order = append(order, i) })
		}
		close(gate)
		synctest.Wait()
		if len(order) != 500 {
			t.Fatalf("%d calls ran, want 500", len(order))
		}
		for i, got := range order {
			if got != i {
				t.Fatalf("call %d ran in place %d", got, i)
			}
		}
		p.Close()
	})
}

func TestAPoolTakesSoManyCallsAndRefusesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(2, 3)
		gate := make(chan struct{})
		block := func() { <-gate }
		if got := submit(block, block, block, block); got != 4 {
			t.Errorf("took %d of 4, want all: 2 run and 3 may wait", got)
		}
		synctest.Wait()
		if got := submit(block, block, block); got != 1 {
			t.Errorf("took %d of 3, want 1: there was room for one", got)
		}
		if got := submit(block); got != 0 {
			t.Errorf("took %d of 1 while full, want 0", got)
		}
		close(gate)
		synctest.Wait()
		if got := submit(func() {}); got != 1 {
			t.Errorf("took %d of 1 once the rest was done, want 1", got)
		}
		p.Close()
	})
}

func TestAPoolWithoutAQueueTakesWhatItCanRunAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(2, 0)
		gate := make(chan struct{})
		block := func() { <-gate }
		if got := submit(block, block, block); got != 2 {
			t.Errorf("took %d of 3, want 2", got)
		}
		close(gate)
		p.Close()
	})
}

func TestWhoEntersAPoolCountsAsOneOfItsWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(2, 3)
		if got := p.Enter(10); got != 5 {
			t.Fatalf("enter(10) = %d, want 5: two may run and three wait", got)
		}
		if got := p.Enter(1); got != 1 {
			t.Fatalf("a second enter(1) = %d, want 1", got)
		}
		if got := p.Enter(1); got != 0 {
			t.Fatalf("a third enter(1) = %d, want 0: two run", got)
		}
		var ran atomic.Int64
		submit(func() { ran.Add(1) }, func() { ran.Add(1) })
		synctest.Wait()
		if l := p.Load(); ran.Load() != 0 || l.Running != 2 || l.Waiting != 2 {
			t.Errorf("%d calls ran beside two that entered; load = %d running, %d waiting; want 0; 2, 2", ran.Load(), l.Running, l.Waiting)
		}
		p.Leave()
		synctest.Wait()
		if got := ran.Load(); got != 2 {
			t.Errorf("%d calls ran once one had left, want 2", got)
		}
		p.Leave()

		p.queue.add(p.queue.of(nil), &callAt(time.Now(), time.Hour).task) // and no worker has seen it yet
		if got := p.Enter(1); got != 0 {
			t.Errorf("enter = %d while a call waits for its turn, want 0", got)
		}
		p.Drop()
		p.Close()
	})
}

func TestIdleWorkersGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		gate := make(chan struct{})
		for range 1000 {
			submit(func() { <-gate })
		}
		synctest.Wait()
		if got := p.started; got != 1000 {
			t.Errorf("%d workers while 1000 calls block, want 1000", got)
		}
		close(gate)
		synctest.Wait()
		if got := p.started; got > maxIdle {
			t.Errorf("%d workers are left with nothing to do, want at most %d", got, maxIdle)
		}
		p.Close()
		synctest.Wait()
		if got := p.started; got != 0 {
			t.Errorf("%d workers are left after close, want 0", got)
		}
	})
}

func TestAWorkerThatEndsItsGoroutineIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1, 10)
		ran := false
		submit(runtime.Goexit, runtime.Goexit, func() { ran = true })
		synctest.Wait()
		if l := p.Load(); !ran || l.Running != 0 || l.Waiting != 0 {
			t.Errorf("ran = %v, %d running, %d waiting; want true, 0, 0", ran, l.Running, l.Waiting)
		}
		p.Close()
	})
}

func TestWhatWaitsCanBeTakenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1, 10)
		gate := make(chan struct{})
		never := func() { t.Error("a call ran that was taken back") }
		submit(func() { <-gate }, never, never)
		synctest.Wait()
		if got := len(p.Drop()); got != 2 {
			t.Errorf("took back %d calls, want 2", got)
		}
		if l := p.Load(); l.Waiting != 0 || l.WaitingBytes != 0 {
			t.Errorf("%d calls of %d bytes wait after that, want none", l.Waiting, l.WaitingBytes)
		}
		ran := false
		submit(func() { ran = true })
		close(gate)
		synctest.Wait()
		if !ran {
			t.Error("a call that came after that didn't run")
		}
		p.Close()
	})
}

func TestAPoolLosesNoCallUnderStress(t *testing.T) {
	const submitters, each, workers, maxQueue = 8, 3000, 16, 64
	p, submit := poolOf(workers, maxQueue)
	defer p.Close()
	var taken, ran, running atomic.Int64
	var ranAll, wg sync.WaitGroup
	for range submitters {
		wg.Go(func() {
			for i := 0; i < each; {
				batch := make([]func(), 1+rand.N(20))
				for j := range batch {
					batch[j] = func() {
						defer ranAll.Done()
						if n := running.Add(1); n > workers {
							t.Errorf("%d calls run at once, want at most %d", n, workers)
						}
						if rand.N(4) == 0 {
							runtime.Gosched()
						}
						running.Add(-1)
						ran.Add(1)
					}
				}
				ranAll.Add(len(batch))
				n := submit(batch...)
				ranAll.Add(n - len(batch))
				taken.Add(int64(n))
				if i += n; n == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	ranAll.Wait()
	if taken.Load() != ran.Load() {
		t.Errorf("%d calls ran of %d taken", ran.Load(), taken.Load())
	}
}

// busy makes a pool's netpollYielder find the processors busy for so long each time, 0: free.
func busy(p *Pool[call], pause *atomic.Int64) {
	p.yield = func() {
		if d := time.Duration(pause.Load()); d > 0 {
			time.Sleep(d)
		}
	}
}

func TestWhileTheProcessorsAreBusyFewCallsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		waits := &fakeWaits{count: 100, median: 10 * time.Millisecond}
		p.governor.waits = waits
		var pause atomic.Int64
		pause.Store(int64(10 * time.Millisecond))
		busy(p, &pause)
		var running, most atomic.Int64
		for range 100 {
			submit(func() {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(10 * time.Millisecond) // as long as it computes
				running.Add(-1)
			})
		}
		time.Sleep(200 * time.Millisecond)
		if got := int(most.Load()); got > p.few {
			t.Errorf("%d calls ran at the same moment, want at most one for each of %d processors", got, p.few)
		}
		if p.Load().Waiting == 0 {
			t.Error("none waits any more")
		}
		p.Drop()
		p.Close()
		time.Sleep(time.Second)
	})
}

func TestWhileAProcessorHasNothingToDoAllCallsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		gate := make(chan struct{})
		for range 1000 {
			submit(func() { <-gate })
		}
		synctest.Wait()
		if l := p.Load(); l.Running != 1000 {
			t.Errorf("%d calls run, want 1000: they sleep", l.Running)
		}
		close(gate)
		p.Close()
		time.Sleep(time.Second)
	})
}

func TestCallsThatComputeForLongDoNotKeepOthersWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		p.governor.waits = &fakeWaits{count: 100, median: 10 * time.Millisecond}
		var pause atomic.Int64
		pause.Store(int64(10 * time.Millisecond))
		busy(p, &pause)
		gate := make(chan struct{})
		for range p.few {
			submit(func() { <-gate })
		}
		synctest.Wait()
		var quick atomic.Int64
		for range 10 {
			submit(func() { quick.Add(1) })
		}
		time.Sleep(time.Second)
		if got := quick.Load(); got != 10 {
			t.Errorf("%d of 10 quick calls ran beside one on each processor that doesn't end, want all", got)
		}
		close(gate)
		p.Close()
		time.Sleep(time.Second)
	})
}

func TestWhoLooksForAFreeProcessorKeepsNobodyWhoComputesFromLookingAtTheNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		p.few = 1
		var looks atomic.Int64
		p.yield = func() {
			if isCalledBy("pauseLocked") {
				looks.Add(1)
				return
			}
			time.Sleep(11 * time.Millisecond) // the processor is busy, and a bit longer than with one call
		}
		const calls = 50
		for range calls {
			submit(func() { time.Sleep(10 * time.Millisecond) }) // as long as it computes
		}
		time.Sleep(calls * 10 * time.Millisecond)
		if got := looks.Load(); got < calls*3/4 {
			t.Errorf("between %d calls that take 10 ms each the network was looked at %d times, want it nearly always to be", calls, got)
		}
		p.Close()
		time.Sleep(time.Second)
	})
}

// isCalledBy reports whether a method of the pool is among those that have called who asks.
func isCalledBy(method string) bool {
	callers := make([]uintptr, 10)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, "."+method) {
			return true
		}
		if !more {
			return false
		}
	}
}

func TestAnIdlePoolHasNoTimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		for range 100 {
			submit(func() { time.Sleep(time.Second) })
		}
		time.Sleep(500 * time.Millisecond)
		p.mu.Lock()
		governed := p.governed
		p.mu.Unlock()
		if !governed {
			t.Error("nobody watches while 100 calls run")
		}
		time.Sleep(time.Minute)
		p.mu.Lock()
		governed = p.governed
		p.mu.Unlock()
		if governed {
			t.Error("the timer is set while nothing runs")
		}
		p.Close()
		time.Sleep(time.Second)
	})
}

func TestTheGovernorsLimitIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, submit := poolOf(1000, 1000)
		waits := &fakeWaits{count: 100, median: 100 * time.Millisecond}
		p.governor.waits = waits
		gate := make(chan struct{})
		for range 1000 {
			submit(func() { <-gate })
		}
		time.Sleep(time.Second) // the governor looks, and lets in no more
		var running atomic.Int64
		gate2 := make(chan struct{})
		for range 500 {
			submit(func() { running.Add(1); <-gate2; running.Add(-1) })
		}
		close(gate)
		time.Sleep(time.Second)
		if got := int(running.Load()); got != p.governor.least {
			t.Errorf("%d calls run while goroutines wait for 100 ms, want %d", got, p.governor.least)
		}
		p.mu.Lock()
		waits.median = 0
		p.mu.Unlock()
		time.Sleep(time.Second)
		if got := running.Load(); got != 500 {
			t.Errorf("%d calls run once they don't, want all 500", got)
		}
		close(gate2)
		p.Close()
		time.Sleep(time.Second)
	})
}
