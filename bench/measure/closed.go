package measure

import (
	"sync"
	"time"
)

// Closed makes calls for a duration, so many in flight at any moment and as many at least,
// and returns when all are answered. For the rate a call that ends later counts by the part of
// its time that lay within the duration: if it didn't count, calls that take long would seem to
// be fewer than they are, by one in two where a window has room for two of them.
func Closed(call func() error, inFlight int, d time.Duration) Sample {
	workers := newWorkers(inFlight)
	var wg sync.WaitGroup
	start := time.Now()
	end := start.Add(d)
	for i := range workers {
		w := &workers[i]
		wg.Go(func() { w.callUntil(end, call) })
	}
	wg.Wait()
	sample := sum(workers)
	sample.PerSecond = inTime(workers) / d.Seconds()
	return sample
}

// worker is what one goroutine saw.
type worker struct {
	latencies *latencies // shared with others
	calls     int
	inTime    float64 // of them, succeeded before the end, and the parts before it of others that did
	failed    int
	err       error // the first
}

// histograms is how many histograms workers share: one each would fill the processor's
// cache, and one for all would make them wait for each other.
const histograms = 16

func newWorkers(n int) []worker {
	shared := make([]*latencies, min(n, histograms))
	for i := range shared {
		shared[i] = newLatencies()
	}
	workers := make([]worker, n)
	for i := range workers {
		workers[i].latencies = shared[i%len(shared)]
	}
	return workers
}

func (w *worker) callUntil(end time.Time, call func() error) {
	for began := time.Now(); ; {
		err := call()
		now := time.Now()
		w.done(began, now, end, err)
		if !now.Before(end) {
			if err == nil && now.After(began) {
				w.inTime += float64(max(end.Sub(began), 0)) / float64(now.Sub(began))
			}
			return
		}
		began = now
	}
}

// done notes a call that was meant to begin at began.
func (w *worker) done(began, now, end time.Time, err error) {
	w.calls++
	if err != nil {
		if w.failed++; w.err == nil {
			w.err = err
		}
		return
	}
	w.latencies.add(now.Sub(began))
	if now.Before(end) {
		w.inTime++
	}
}

func inTime(workers []worker) (n float64) {
	for i := range workers {
		n += workers[i].inTime
	}
	return n
}

func sum(workers []worker) Sample {
	all := newLatencies()
	for i := range min(len(workers), histograms) {
		all.merge(workers[i].latencies)
	}
	sample := all.sample()
	for i := range workers {
		w := &workers[i]
		sample.Calls += w.calls
		sample.Failed += w.failed
		if w.err != nil && sample.Error == "" {
			sample.Error = w.err.Error()
		}
	}
	return sample
}
