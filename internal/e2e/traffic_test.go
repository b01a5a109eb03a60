package e2e_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

// traffic is callers that call work.run without a pause, each call with an ID of its own.
type traffic struct {
	stop    chan struct{}
	callers sync.WaitGroup
	ended   atomic.Int64

	mu   sync.Mutex
	ends map[int64]error // guarded by mu; how each call ended, by ID
}

// startTraffic makes calls from so many goroutines, with a limit on the time of each.
func startTraffic(c *rpcclient.Client, callers int, limit time.Duration) *traffic {
	return startTrafficOf(callers, func(id int64) error { return callWithin(limit, c, id) })
}

// startTrafficOf makes calls of its own kind from so many goroutines.
func startTrafficOf(callers int, call func(id int64) error) *traffic {
	tr := &traffic{stop: make(chan struct{}), ends: make(map[int64]error)}
	var last atomic.Int64
	for range callers {
		tr.callers.Go(func() {
			for {
				select {
				case <-tr.stop:
					return
				default:
				}
				id := last.Add(1)
				err := call(id)
				tr.mu.Lock()
				tr.ends[id] = err
				tr.mu.Unlock()
				tr.ended.Add(1)
				if err != nil {
					// A caller who is told at once that nobody is there needn't ask a
					// thousand times a second.
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	return tr
}

// goOn waits until so many more calls have ended.
func (tr *traffic) goOn(t *testing.T, more int64) {
	t.Helper()
	want := tr.ended.Load() + more
	eventually(t, "calls to end", func() error {
		if got := tr.ended.Load(); got < want {
			return fmt.Errorf("%d of %d", got, want)
		}
		return nil
	})
}

// finish stops the callers and returns how each call ended.
func (tr *traffic) finish() map[int64]error {
	close(tr.stop)
	tr.callers.Wait()
	return tr.ends
}

// checkBooks compares how calls ended with how often they ran at all workers.
func checkBooks(t *testing.T, ends map[int64]error, workers ...*worker) (failed int) {
	t.Helper()
	return checkEnds(t, ends, func(id int64) (ran int) {
		for _, w := range workers {
			ran += w.times(id)
		}
		return ran
	})
}

// checkEnds compares how calls ended with how often they ran.
func checkEnds(t *testing.T, ends map[int64]error, times func(id int64) int) (failed int) {
	t.Helper()
	for id, err := range ends {
		ran := times(id)
		if err != nil {
			failed++
		}
		outcome := helium.OutcomeOf(err)
		switch {
		case err == nil && ran == 1:
		case err != nil && outcome == helium.NotExecuted && ran == 0:
		case err != nil && outcome == helium.Unknown && ran <= 1:
		default:
			t.Errorf("call %d ended with %v (%v) and ran %d times", id, err, outcome, ran)
		}
	}
	return failed
}
