package load

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
)

// Call makes one call. It is called by many goroutines at once.
type Call func(ctx context.Context) error

// Run makes calls as planned and returns what came of them, once all that were started
// are answered. If ctx ends before, it returns what was seen until then, and Result.Cut
// is true. The only error is a plan that can't be.
func Run(ctx context.Context, plan Plan, call Call) (*Result, error) {
	plan, err := plan.complete()
	if err != nil {
		return nil, err
	}
	rec := newRecorder(plan.InFlight)
	if plan.Warmup > 0 {
		warm := plan
		warm.Duration, warm.Calls = plan.Warmup, 0
		newRun(warm, rec, call).do(ctx)
	}
	if plan.Begins != nil {
		plan.Begins()
	}
	run := newRun(plan, rec, call)
	rec.reset(run.start)
	stop := run.watch()
	started := run.do(ctx)
	stop()
	return run.result(started, ctx.Err() != nil), nil
}

// run is one pass over a plan: the warm-up, or what counts.
type run struct {
	plan  Plan
	rec   *recorder
	call  Call
	start time.Time
	end   time.Time // zero: when all calls are made
	cut   atomic.Int64
}

func newRun(plan Plan, rec *recorder, call Call) *run {
	r := &run{plan: plan, rec: rec, call: call, start: time.Now()}
	if plan.Duration > 0 {
		r.end = r.start.Add(plan.Duration)
	}
	return r
}

// do makes the calls and returns how many it started.
func (r *run) do(ctx context.Context) (started int) {
	if r.plan.Open() {
		return r.open(ctx)
	}
	return r.closed(ctx)
}

// closed has each caller call again as soon as it is answered.
func (r *run) closed(ctx context.Context) int {
	var started atomic.Int64
	var callers sync.WaitGroup
	for i := range r.plan.InFlight {
		s := &r.rec.shards[i%len(r.rec.shards)]
		callers.Go(func() {
			for began := time.Now(); r.goesOn(ctx, began); {
				if n := started.Add(1); r.plan.Calls > 0 && n > int64(r.plan.Calls) {
					started.Add(-1)
					return
				}
				began = r.one(ctx, s, began)
			}
		})
	}
	callers.Wait()
	return int(started.Load())
}

func (r *run) goesOn(ctx context.Context, now time.Time) bool {
	return ctx.Err() == nil && (r.end.IsZero() || now.Before(r.end))
}

// open hands calls to callers when they are meant to start.
func (r *run) open(ctx context.Context) int {
	begins := make(chan time.Time)
	free := make(chan struct{}, r.plan.InFlight)
	var callers sync.WaitGroup
	for i := range r.plan.InFlight {
		free <- struct{}{}
		s := &r.rec.shards[i%len(r.rec.shards)]
		callers.Go(func() {
			for intended := range begins {
				r.one(ctx, s, intended)
				free <- struct{}{}
			}
		})
	}
	p := pace{start: r.start, rate: r.plan.Rate, count: r.plan.scheduled(), end: r.end, nap: nap}
	started := p.hand(ctx, begins, free)
	close(begins)
	callers.Wait()
	return started
}

// one makes a call that is timed from began, and returns when it ended.
func (r *run) one(ctx context.Context, s *shard, began time.Time) time.Time {
	err := r.call(ctx)
	now := time.Now()
	if err != nil && ctx.Err() != nil && helium.CodeOf(err) == helium.CodeCanceled {
		r.cut.Add(1) // who measures gave it up; that is no error of the service
		return now
	}
	s.record(now.Sub(began), err)
	return now
}

// watch makes the timeline while the run goes on; stop ends it with the last point.
func (r *run) watch() (stop func()) {
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(r.tick())
		defer tick.Stop()
		for {
			select {
			case now := <-tick.C:
				r.point(now)
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		watcher.Wait()
		r.point(time.Now())
	}
}

// tick is how long a point of the timeline lasts.
func (r *run) tick() time.Duration {
	if r.plan.Duration == 0 {
		return 250 * time.Millisecond
	}
	return min(max(r.plan.Duration/40, 50*time.Millisecond), 10*time.Second)
}

func (r *run) point(now time.Time) {
	p := r.rec.collect(now)
	r.rec.timeline = append(r.rec.timeline, p)
	if r.plan.Progress != nil {
		r.plan.Progress(p)
	}
}

// result says what came of the run, once it is over.
func (r *run) result(started int, cut bool) *Result {
	rec := r.rec
	result := &Result{
		Plan: r.plan, Started: r.start, Elapsed: rec.last,
		OK: int(rec.total.TotalCount()), Failed: rec.failed, GivenUp: int(r.cut.Load()),
		Errors: rec.errorCounts(), Timeline: rec.timeline, Cut: cut, latencies: rec.total,
	}
	if r.plan.Open() && !cut {
		result.Unstarted = r.plan.scheduled() - started
	}
	return result
}
