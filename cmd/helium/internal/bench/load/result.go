package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/helium-rpc/helium"
)

// Result is what came of a plan. Latencies are those of calls that succeeded; in an open
// loop they count from when a call was meant to start.
type Result struct {
	// Plan is what was asked for, with its defaults.
	Plan Plan
	// Started is when the first call began, and Elapsed how long it took from then until
	// the last one was answered.
	Started time.Time
	Elapsed time.Duration
	// OK and Failed are how many calls were answered well and with an error.
	OK, Failed int
	// Unstarted is how many calls of an open loop never started, as all callers were
	// busy until the end: the rate was too high, and the latencies are too good.
	Unstarted int
	// GivenUp is how many calls were in flight when the context ended.
	GivenUp int
	// Errors are the kinds of errors, the most frequent first.
	Errors []ErrorCount
	// Timeline is how it went, point by point.
	Timeline []Point
	// Cut is true if the context ended before the plan was carried out.
	Cut bool

	latencies *hdrhistogram.Histogram
}

// ErrorCount is how often calls failed with errors that errors.Is takes for the same.
type ErrorCount struct {
	Code   helium.Code
	Reason string
	// Message is that of the first one.
	Message string
	Count   int
}

// Calls is how many calls were answered.
func (r *Result) Calls() int { return r.OK + r.Failed }

// PerSecond is how many calls a second succeeded.
func (r *Result) PerSecond() float64 { return perSecond(r.OK, r.Elapsed) }

// ErrorRate is the part of the calls that failed, from 0 to 1. Calls that never started
// count as failed: who asked for them got no answer.
func (r *Result) ErrorRate() float64 {
	all := r.Calls() + r.Unstarted
	if all == 0 {
		return 0
	}
	return float64(r.Failed+r.Unstarted) / float64(all)
}

// Percentile returns the latency that p percent of the calls stayed within, 0 if none
// succeeded.
func (r *Result) Percentile(p float64) time.Duration {
	return time.Duration(r.latencies.ValueAtQuantile(p))
}

// Mean is the average latency, 0 if no call succeeded.
func (r *Result) Mean() time.Duration {
	if r.OK == 0 {
		return 0
	}
	return time.Duration(r.latencies.Mean())
}

// Min is the shortest latency, 0 if no call succeeded.
func (r *Result) Min() time.Duration {
	if r.OK == 0 {
		return 0
	}
	return time.Duration(r.latencies.Min())
}

// Max is the longest latency, 0 if no call succeeded.
func (r *Result) Max() time.Duration { return time.Duration(r.latencies.Max()) }
