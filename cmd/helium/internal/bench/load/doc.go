// Package load makes calls for a while and says how long they took.
//
// A plan says how: so many in flight, or so many a second, for a time or for a number
// of calls.
//
//	result, err := load.Run(ctx, load.Plan{InFlight: 32, Duration: 10 * time.Second}, call)
//	fmt.Println(result.PerSecond(), result.Percentile(99))
//
// # Two loops
//
// Without Plan.Rate the loop is closed: each caller waits for its answer before it calls
// again. That finds out how much a service can do. It is blind to stalls, though: while
// the service hangs nobody calls, so a second of standstill counts as one slow call.
//
// With Plan.Rate the loop is open: call number i is meant to start i/rate seconds after
// the first, whatever became of those before it, and is timed from then. If all callers
// are busy it starts late, and its wait counts. That corrects what is known as
// coordinated omission.
//
// # Goals
//
// ParseGoals reads "p99<2ms,err<0.1%", and Goal.Check holds a result against one.
//
// # Inside
//
// plan.go says what is asked for, run.go runs it: pace.go starts the calls of an open
// loop in time, recorder.go collects what callers saw. result.go is what comes out,
// bars.go its histogram, goal.go what may be demanded of it.
package load
