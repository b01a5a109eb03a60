package load_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
)

func nothing(context.Context) error { return nil }

func mustRun(t *testing.T, plan load.Plan, call load.Call) *load.Result {
	t.Helper()
	result, err := load.Run(t.Context(), plan, call)
	if err != nil {
		t.Fatalf("Run(%+v) = %v, want a result", plan, err)
	}
	return result
}

func TestAClosedLoopMakesAsManyCallsAsAskedFor(t *testing.T) {
	var made atomic.Int64
	result := mustRun(t, load.Plan{InFlight: 7, Calls: 1000}, func(context.Context) error {
		made.Add(1)
		return nil
	})
	if made.Load() != 1000 || result.Calls() != 1000 || result.OK != 1000 {
		t.Errorf("%d calls were made, %d counted, %d of them good; want 1000 each", made.Load(), result.Calls(), result.OK)
	}
	inPoints := 0
	for _, p := range result.Timeline {
		inPoints += p.OK + p.Failed
	}
	if inPoints != 1000 {
		t.Errorf("the timeline holds %d calls, want all 1000", inPoints)
	}
}

func TestAClosedLoopHasNoMoreCallsInFlightThanAllowed(t *testing.T) {
	const allowed = 5
	var running, most atomic.Int64
	all := make(chan struct{})
	var once sync.Once
	mustRun(t, load.Plan{InFlight: allowed, Calls: 100}, func(context.Context) error {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == allowed {
			once.Do(func() { close(all) })
		}
		<-all // the first calls wait until all callers are in one
		return nil
	})
	if got := most.Load(); got != allowed {
		t.Errorf("%d calls were in flight at most, want %d", got, allowed)
	}
}

func TestARunEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const d = 100 * time.Millisecond
		began := time.Now()
		result := mustRun(t, load.Plan{InFlight: 2, Duration: d}, func(context.Context) error {
			time.Sleep(time.Millisecond)
			return nil
		})
		if took := time.Since(began); took != d {
			t.Errorf("it took %v, want %v", took, d)
		}
		if result.OK != 200 || result.PerSecond() != 2000 || result.Elapsed != d {
			t.Errorf("%d calls, %g a second, within %v; want 200, 2000 a second, within %v", result.OK, result.PerSecond(), result.Elapsed, d)
		}
	})
}

func TestAStallCountsForEveryCallThatShouldHaveStartedInIt(t *testing.T) {
	const (
		stall = 300 * time.Millisecond
		rate  = 1000
	)
	slow := func() load.Call {
		var calls atomic.Int64
		var mu sync.Mutex
		return func(context.Context) error {
			mu.Lock() // a server of one thread
			defer mu.Unlock()
			if calls.Add(1) == 100 {
				time.Sleep(stall)
			}
			return nil
		}
	}
	plan := load.Plan{InFlight: 1, Calls: 1000}
	closed := mustRun(t, plan, slow())
	plan.Rate = rate
	open := mustRun(t, plan, slow())

	// Some 300 of the 1000 calls were meant to start while the server stood still, and
	// waited for half of it on average.
	if got, most := closed.Percentile(95), stall/3; got > most {
		t.Errorf("closed loop: p95 = %v; want less than %v, as it sees the stall once", got, most)
	}
	if got, least := open.Percentile(95), stall/3; got < least {
		t.Errorf("open loop: p95 = %v; want at least %v, as many calls waited for the stall", got, least)
	}
	if open.OK != 1000 || open.Unstarted != 0 {
		t.Errorf("open loop: %d calls, %d never started; want 1000 and 0", open.OK, open.Unstarted)
	}
}

func TestAnOpenLoopKeepsItsRate(t *testing.T) {
	const rate, calls = 500, 100
	result := mustRun(t, load.Plan{Rate: rate, Calls: calls}, nothing)
	if result.OK != calls {
		t.Errorf("%d calls, want %d", result.OK, calls)
	}
	// The last one is meant to start 198 ms after the first.
	if want := (calls - 1) * time.Second / rate; result.Elapsed < want {
		t.Errorf("%d calls at %d/s took %v, want at least %v", calls, rate, result.Elapsed, want)
	}
}

func TestCallsThatNeverStartedAreCounted(t *testing.T) {
	result := mustRun(t, load.Plan{InFlight: 1, Rate: 1000, Duration: 200 * time.Millisecond}, func(context.Context) error {
		time.Sleep(40 * time.Millisecond)
		return nil
	})
	if all := result.Calls() + result.Unstarted; all != 200 {
		t.Errorf("%d calls made and %d never started: %d, want 200", result.Calls(), result.Unstarted, all)
	}
	if result.Unstarted < 100 {
		t.Errorf("%d calls never started, want most of 200", result.Unstarted)
	}
	if got := result.ErrorRate(); got < 0.5 {
		t.Errorf("ErrorRate() = %v; want most of 1, as who asked got no answer", got)
	}
}

func TestErrorsAreCountedByKind(t *testing.T) {
	var n atomic.Int64
	division := helium.NewError(helium.CodeInvalidArgument, "math.division_by_zero", "division by zero")
	result := mustRun(t, load.Plan{Calls: 10}, func(context.Context) error {
		switch i := n.Add(1); {
		case i <= 5:
			return division.WithMessage("division %d by zero", i)
		case i <= 8:
			return errors.New("odd")
		}
		return nil
	})
	if result.OK != 2 || result.Failed != 8 {
		t.Errorf("%d good and %d failed, want 2 and 8", result.OK, result.Failed)
	}
	want := []load.ErrorCount{
		{Code: helium.CodeInvalidArgument, Reason: "math.division_by_zero", Message: "division 1 by zero", Count: 5},
		{Code: helium.CodeUnknown, Message: "odd", Count: 3},
	}
	if len(result.Errors) != len(want) {
		t.Fatalf("errors %+v, want %+v", result.Errors, want)
	}
	for i := range want {
		if result.Errors[i] != want[i] {
			t.Errorf("error %d is %+v, want %+v", i, result.Errors[i], want[i])
		}
	}
}

func TestTheWarmUpIsntCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int64
		result := mustRun(t, load.Plan{Calls: 10, Warmup: 20 * time.Millisecond}, func(context.Context) error {
			if made.Add(1) == 1 {
				return errors.New("the first call, while everything is cold")
			}
			time.Sleep(time.Millisecond)
			return nil
		})
		if result.OK != 10 || result.Failed != 0 {
			t.Errorf("%d good and %d failed; want 10 and 0, without those of the warm-up", result.OK, result.Failed)
		}
		if made.Load() <= 10 {
			t.Errorf("%d calls made, want more than the 10 that count", made.Load())
		}
	})
}

func TestAnEndedContextEndsTheRunWithWhatWasSeen(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		ctx, cancel := context.WithCancel(t.Context())
		var made atomic.Int64
		result, err := load.Run(ctx, load.Plan{InFlight: 4, Rate: rate, Duration: time.Hour}, func(ctx context.Context) error {
			if made.Add(1) <= 20 {
				return nil
			}
			cancel()
			<-ctx.Done()
			return ctx.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
		if !result.Cut || result.OK != 20 || result.Failed != 0 || result.GivenUp == 0 {
			t.Errorf("rate %g: cut %t, %d good, %d failed, %d given up; want true, 20, 0 and some", rate, result.Cut, result.OK, result.Failed, result.GivenUp)
		}
	}
}

func TestPlansThatCantBeAreRefused(t *testing.T) {
	for _, plan := range []load.Plan{
		{InFlight: -1}, {InFlight: 1e9}, {Rate: -1}, {Rate: 1e12}, {Duration: -1}, {Warmup: -1}, {Calls: -1},
	} {
		if _, err := load.Run(t.Context(), plan, nothing); err == nil {
			t.Errorf("Run(%+v) gave no error", plan)
		}
	}
}

func TestProgressIsToldWhileItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		points := 0
		result := mustRun(t, load.Plan{Duration: 200 * time.Millisecond, Progress: func(load.Point) { points++ }}, func(context.Context) error {
			time.Sleep(time.Millisecond)
			return nil
		})
		if points < 2 || points != len(result.Timeline) {
			t.Errorf("told of %d points, the timeline has %d; want the same and at least 2", points, len(result.Timeline))
		}
	})
}

func TestBarsHoldEveryCall(t *testing.T) {
	var n atomic.Int64
	result := mustRun(t, load.Plan{Calls: 60}, func(context.Context) error {
		if n.Add(1)%10 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	})
	bars := result.Bars(8)
	sum := 0
	for i, b := range bars {
		sum += b.Count
		if b.To <= b.From || i > 0 && b.From != bars[i-1].To {
			t.Errorf("bar %d is from %v to %v; want them to follow one another", i, b.From, b.To)
		}
	}
	if len(bars) == 0 || sum != 60 {
		t.Errorf("%d bars hold %d calls, want 60", len(bars), sum)
	}
	if bars := (&load.Result{}).Bars(8); bars != nil {
		t.Errorf("bars of nothing: %v, want none", bars)
	}
}

func TestErrorsAddUpOverTheWholeTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		result := mustRun(t, load.Plan{Duration: 250 * time.Millisecond, InFlight: 3}, func(context.Context) error {
			time.Sleep(time.Millisecond)
			return errors.New("no")
		})
		if len(result.Timeline) < 2 || len(result.Errors) != 1 || result.Errors[0].Count != result.Failed || result.Failed == 0 {
			t.Errorf("%d points, errors %+v, %d failed; want several points, and one error as often as calls failed", len(result.Timeline), result.Errors, result.Failed)
		}
		inPoints := 0
		for _, p := range result.Timeline {
			inPoints += p.Failed
		}
		if inPoints != result.Failed {
			t.Errorf("the timeline has %d failures, want %d", inPoints, result.Failed)
		}
	})
}
