package rpcserver

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// The buckets of a histogram: one for all below 1,024 ns, then eight of equal width for
// each doubling up to 2^40 ns (18 min). The last one holds whatever takes longer.
const (
	firstPower  = 10 // 2^10 ns is the first bucket's bound
	lastPower   = 40 // 2^40 ns is the last bucket's bound
	stepBits    = 3  // eight buckets for each doubling
	bucketCount = 1 + (lastPower-firstPower)<<stepBits
)

// bucketOf returns the bucket that a time falls into.
func bucketOf(took time.Duration) int {
	ns := uint64(max(took, 0))
	power := bits.Len64(ns) - 1
	switch {
	case power < firstPower:
		return 0
	case power >= lastPower:
		return bucketCount - 1
	}
	step := int(ns>>(power-stepBits)) & (1<<stepBits - 1)
	return 1 + (power-firstPower)<<stepBits + step
}

// boundOf returns what all times in a bucket are less than, and the least of those in
// the next one.
func boundOf(bucket int) time.Duration {
	if bucket <= 0 {
		return 1 << firstPower
	}
	power, step := (bucket-1)>>stepBits+firstPower, (bucket-1)&(1<<stepBits-1)
	return time.Duration(1<<stepBits+step+1) << (power - stepBits)
}

// histogram counts times as they pass, without a lock.
type histogram [bucketCount]atomic.Uint64

func (h *histogram) observe(took time.Duration) { h[bucketOf(took)].Add(1) }

func (h *histogram) snapshot() (l Latency) {
	for i := range h {
		l.counts[i] = h[i].Load()
	}
	return l
}

// Latency is a histogram of how long calls took: how many of them in each of 241 ranges
// of time, from 1 µs to 18 min, each at most an eighth of its own time wide. Its zero
// value has no calls. In JSON it is a list of [bound, calls], by the bounds, with only
// the ranges that have calls; the calls took less than the bound, in nanoseconds.
type Latency struct{ counts [bucketCount]uint64 }

// Count returns how many calls there are.
func (l *Latency) Count() (calls uint64) {
	for _, n := range l.counts {
		calls += n
	}
	return calls
}

// Quantile returns the time that the share q of the calls, from 0 to 1, took at most:
// Quantile(0.99) is the 99th percentile. It is right to within an eighth, or 1 µs. Without
// calls it is 0.
func (l *Latency) Quantile(q float64) time.Duration {
	count := l.Count()
	if count == 0 {
		return 0
	}
	rank := math.Min(math.Max(q, 0), 1) * float64(count)
	passed := 0.0
	for i, n := range l.counts {
		if n == 0 || passed+float64(n) < rank {
			passed += float64(n)
			continue
		}
		from := time.Duration(0)
		if i > 0 {
			from = boundOf(i - 1)
		}
		return from + time.Duration(float64(boundOf(i)-from)*(rank-passed)/float64(n))
	}
	return boundOf(bucketCount - 1)
}

// Add counts the calls of other as well, such as those of another instance.
func (l *Latency) Add(other *Latency) {
	for i, n := range other.counts {
		l.counts[i] += n
	}
}

// Since returns the calls that came after an earlier look at the same histogram. If that
// had more calls, because the instance was another one, all calls are new.
func (l *Latency) Since(earlier *Latency) (later Latency) {
	for i, n := range l.counts {
		if n < earlier.counts[i] {
			return *l
		}
		later.counts[i] = n - earlier.counts[i]
	}
	return later
}

// MarshalJSON implements json.Marshaler.
func (l Latency) MarshalJSON() ([]byte, error) {
	pairs := [][2]uint64{}
	for i, n := range l.counts {
		if n > 0 {
			pairs = append(pairs, [2]uint64{uint64(boundOf(i)), n})
		}
	}
	return json.Marshal(pairs)
}

// UnmarshalJSON implements json.Unmarshaler. Bounds that aren't those of a Latency count
// where they fall.
func (l *Latency) UnmarshalJSON(data []byte) error {
	var pairs [][2]uint64
	if err := json.Unmarshal(data, &pairs); err != nil {
		return fmt.Errorf("rpcserver: a latency is a list of [bound in ns, calls]: %w", err)
	}
	*l = Latency{}
	for _, pair := range pairs {
		bound := min(pair[0], math.MaxInt64)
		l.counts[bucketOf(time.Duration(bound)-1)] += pair[1]
	}
	return nil
}
