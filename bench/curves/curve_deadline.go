package curves

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// deadline looks at how late deadlines are kept while very many calls wait for theirs.
func deadline(s size) (report.Curve, error) {
	calls, timeout := 10_000, 2*time.Second
	if s.quick {
		calls, timeout = 200, 300*time.Millisecond
	}
	c := report.Curve{
		Title:   fmt.Sprintf("How late deadlines are kept, %d calls in flight", calls),
		Notes:   fmt.Sprintf("One process. Handlers wait for their context; calls get %v, and start spread over a quarter of that.", timeout),
		Columns: []report.Column{{Name: "p50", Unit: "ms"}, {Name: "p99", Unit: "ms"}, {Name: "most", Unit: "ms"}},
	}
	for _, byContext := range []bool{false, true} {
		label := "default timeout"
		if byContext {
			label = "context's deadline"
		}
		points, err := in(func(sys *system) ([]report.Point, error) {
			return deadlinePoints(sys, label, calls, timeout, byContext)
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, points...)
	}
	return c, nil
}

// lateness collects how late something was, by how many goroutines it may be.
type lateness struct {
	mu   sync.Mutex
	late []int64 // guarded by mu; nanoseconds
}

func (l *lateness) note(deadline time.Time) {
	late := int64(time.Since(deadline))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.late = append(l.late, late)
}

func (l *lateness) point(label string) report.Point {
	l.mu.Lock()
	defer l.mu.Unlock()
	ms := func(p float64) float64 { return milliseconds(time.Duration(measure.Percentile(l.late, p))) }
	return report.Point{Label: label, Values: []float64{ms(50), ms(99), ms(100)}}
}

// deadlinePoints returns how late callers heard, and how late handlers did.
func deadlinePoints(sys *system, label string, calls int, timeout time.Duration, byContext bool) ([]report.Point, error) {
	var callers, handlers lateness
	var began, noted atomic.Int64
	met, heard := make(chan struct{}, 1), make(chan struct{})
	wait := func(ctx context.Context) {
		if began.Add(1) == 1 {
			met <- struct{}{}
			<-ctx.Done() // the first call only finds the server
			noted.Add(1)
			return
		}
		<-ctx.Done()
		if at, ok := ctx.Deadline(); ok {
			handlers.note(at)
		}
		noted.Add(1)
		<-heard // no answer may come before the caller's own clock has struck
	}
	if _, err := sys.serve(rpcserver.Config{MaxInFlight: 2 * calls}, adder(serviceName(0), 1, wait)); err != nil {
		return nil, err
	}
	config := rpcclient.Config{}
	if !byContext {
		config.Timeout = timeout
	}
	client, err := sys.client(config)
	if err != nil {
		return nil, err
	}
	stub := adding(client, serviceName(0), 0)
	if err := find(stub, met); err != nil {
		return nil, err
	}
	start := time.Now()
	errs := make([]error, calls)
	var wg sync.WaitGroup
	for i := range calls {
		wg.Go(func() {
			time.Sleep(time.Until(start.Add(timeout / 4 * time.Duration(i) / time.Duration(calls))))
			ctx, began := context.Background(), time.Now()
			if byContext {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, began.Add(timeout))
				defer cancel()
			}
			errs[i] = stub(ctx)
			callers.note(began.Add(timeout))
		})
	}
	wg.Wait()
	for noted.Load() < began.Load() { // handlers hear a little after their callers
		time.Sleep(time.Millisecond)
	}
	close(heard)
	for _, err := range errs {
		if helium.CodeOf(err) != helium.CodeDeadlineExceeded {
			return nil, errors.Join(errors.New("a call that nobody answers didn't end by its deadline"), err)
		}
	}
	return []report.Point{callers.point("caller, " + label), handlers.point("handler, " + label)}, nil
}

// find makes a call that has all the time to look its server up, and ends it once it runs.
func find(stub func(context.Context) error, runs <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- stub(ctx) }()
	select {
	case <-runs:
		cancel()
		<-ended
		return nil
	case err := <-ended:
		return errors.Join(errors.New("the first call didn't run"), err)
	}
}
