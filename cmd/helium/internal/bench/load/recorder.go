package load

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/helium-rpc/helium"
)

const (
	shortest  = 100 * time.Nanosecond
	longest   = 10 * time.Minute // calls that take longer count as this
	precision = 3                // significant digits
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(shortest), int64(longest), precision)
}

// shards is how many recorders callers share: one each would fill the processor's cache,
// and one for all would make them wait for each other.
const shards = 16

// shard counts what some of the callers saw since it was last taken.
type shard struct {
	mu        sync.Mutex
	latencies *hdrhistogram.Histogram  // guarded by mu; of calls that succeeded
	failures  map[errorKey]*ErrorCount // guarded by mu
	failed    int                      // guarded by mu
	_         [64]byte                 // so that no two share a line of the processor's cache
}

// errorKey tells errors apart as errors.Is does.
type errorKey struct {
	code   helium.Code
	reason string
}

// record notes a call that took so long, or its error.
func (s *shard) record(took time.Duration, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		// It can't fail: what is out of range was brought into it.
		_ = s.latencies.RecordValue(int64(min(max(took, shortest), longest)))
		return
	}
	s.failed++
	e := helium.AsError(err)
	key := errorKey{e.Code, e.Reason}
	if s.failures[key] == nil {
		s.failures[key] = &ErrorCount{Code: e.Code, Reason: e.Reason, Message: e.Message}
	}
	s.failures[key].Count++
}

// recorder collects what all callers see, and cuts it into a timeline.
type recorder struct {
	shards []shard

	// What follows is the collecting goroutine's alone until it has ended.
	began    time.Time
	last     time.Duration // end of the last point
	interval *hdrhistogram.Histogram
	total    *hdrhistogram.Histogram
	failures map[errorKey]*ErrorCount
	failed   int
	timeline []Point
}

func newRecorder(callers int) *recorder {
	r := &recorder{
		shards: make([]shard, min(callers, shards)), interval: newHistogram(), total: newHistogram(),
		failures: make(map[errorKey]*ErrorCount),
	}
	for i := range r.shards {
		r.shards[i].latencies = newHistogram()
		r.shards[i].failures = make(map[errorKey]*ErrorCount)
	}
	return r
}

// reset forgets what was recorded, and counts from now.
func (r *recorder) reset(now time.Time) {
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		s.latencies.Reset()
		clear(s.failures)
		s.failed = 0
		s.mu.Unlock()
	}
	r.began = now
}

// collect makes a point of the timeline of what was recorded since the last one.
func (r *recorder) collect(now time.Time) Point {
	r.interval.Reset()
	failed := 0
	for i := range r.shards {
		s := &r.shards[i]
		s.mu.Lock()
		r.interval.Merge(s.latencies)
		s.latencies.Reset()
		for key, count := range s.failures {
			if r.failures[key] == nil {
				r.failures[key] = &ErrorCount{Code: count.Code, Reason: count.Reason, Message: count.Message}
			}
			r.failures[key].Count += count.Count
		}
		clear(s.failures)
		failed += s.failed
		s.failed = 0
		s.mu.Unlock()
	}
	r.total.Merge(r.interval)
	r.failed += failed
	p := Point{
		From: r.last, To: now.Sub(r.began), OK: int(r.interval.TotalCount()), Failed: failed,
		P50: time.Duration(r.interval.ValueAtQuantile(50)), P99: time.Duration(r.interval.ValueAtQuantile(99)),
		Max: time.Duration(r.interval.Max()),
	}
	r.last = p.To
	return p
}

// errorCounts returns the errors, the most frequent first.
func (r *recorder) errorCounts() []ErrorCount {
	counts := make([]ErrorCount, 0, len(r.failures))
	for _, c := range r.failures {
		counts = append(counts, *c)
	}
	slices.SortFunc(counts, func(a, b ErrorCount) int {
		return cmp.Or(-cmp.Compare(a.Count, b.Count), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason))
	})
	return counts
}
