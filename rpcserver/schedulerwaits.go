package rpcserver

import (
	"runtime/metrics"
	"time"
)

// schedulerWaits is the [waitSource] of the whole program. The runtime counts the waits of one
// goroutine in eight.
type schedulerWaits struct {
	sample []metrics.Sample
	before []uint64
}

func newSchedulerWaits() *schedulerWaits {
	w := &schedulerWaits{sample: []metrics.Sample{{Name: "/sched/latencies:seconds"}}}
	w.begin()
	return w
}

func (w *schedulerWaits) read() *metrics.Float64Histogram {
	metrics.Read(w.sample)
	if w.sample[0].Value.Kind() != metrics.KindFloat64Histogram {
		return &metrics.Float64Histogram{} // a runtime to come may not have it
	}
	return w.sample[0].Value.Float64Histogram()
}

func (w *schedulerWaits) begin() {
	w.before = append(w.before[:0], w.read().Counts...)
}

func (w *schedulerWaits) waited() (count uint64, median time.Duration) {
	h := w.read()
	for i, n := range h.Counts {
		count += n - w.before[i]
	}
	passed := uint64(0)
	for i, n := range h.Counts {
		if passed += n - w.before[i]; 2*passed >= count {
			return count, time.Duration(h.Buckets[i] * float64(time.Second))
		}
	}
	return count, 0
}
