package measure

import (
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	longest   = 2 * time.Minute // calls that take longer count as this
	precision = 2               // significant digits: each value is right to 1 %
)

// latencies counts how many calls took how long.
type latencies struct {
	mu        sync.Mutex
	histogram *hdrhistogram.Histogram // guarded by mu
}

func newLatencies() *latencies {
	// From 100 ns up: finer than any call is.
	return &latencies{histogram: hdrhistogram.New(100, int64(longest), precision)}
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// It can't fail: what is out of range was brought into it.
	_ = l.histogram.RecordValue(int64(min(max(d, 0), longest)))
}

// merge adds the other's counts, once nobody adds to either any more.
func (l *latencies) merge(other *latencies) { l.histogram.Merge(other.histogram) }

func (l *latencies) percentile(p float64) time.Duration {
	return time.Duration(l.histogram.ValueAtPercentile(p))
}

// Sample is what one measurement found.
type Sample struct {
	// PerSecond is how many calls succeeded each second.
	PerSecond float64
	// P50, P99, P999 and Max are latencies of the calls that succeeded.
	P50, P99, P999, Max time.Duration
	// Calls is how many calls were made, failed ones and those before and after the
	// window included: what costs are divided by.
	Calls int
	// Failed is how many of them failed, and Error is the first one's error.
	Failed int
	Error  string
	// Late is how many calls of an open loop never started: the rate was too high, and
	// the latencies are too good to be true.
	Late int
}

func (l *latencies) sample() Sample {
	return Sample{
		P50: l.percentile(50), P99: l.percentile(99), P999: l.percentile(99.9),
		Max: time.Duration(l.histogram.Max()),
	}
}
