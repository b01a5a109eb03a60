package pool

import (
	"runtime/metrics"
	"sync"
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
	if count == 0 {
		return 0, 0
	}
	passed := uint64(0)
	for i, n := range h.Counts {
		if passed += n - w.before[i]; 2*passed >= count {
			return count, time.Duration(h.Buckets[i] * float64(time.Second))
		}
	}
	return count, 0
}

// latencyPause is how far looks at the scheduler's latency are apart, at least.
const latencyPause = time.Second

// SchedulerLatency is what the waits were like lately, for whoever asks now and then.
type SchedulerLatency struct {
	mu     sync.Mutex
	waits  waitSource    // guarded by mu
	began  time.Time     // guarded by mu; from when they are counted
	median time.Duration // guarded by mu; of those before that
}

// NewSchedulerLatency begins to count.
func NewSchedulerLatency() *SchedulerLatency { return newSchedulerLatency(newSchedulerWaits()) }

func newSchedulerLatency(waits waitSource) *SchedulerLatency {
	return &SchedulerLatency{waits: waits, began: time.Now()}
}

// Look returns the median of the waits between the last two looks that were far enough apart, this
// one included.
func (l *SchedulerLatency) Look(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.began) >= latencyPause {
		_, median := l.waits.waited()
		l.median, l.began = max(median, 0), now
		l.waits.begin()
	}
	return l.median
}
