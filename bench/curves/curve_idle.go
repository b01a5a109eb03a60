package curves

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// forgotten is how long after its last call a server has certainly forgotten a caller.
const forgotten = 12 * time.Second

// idle lets clients come, call and go, and looks at what they leave behind.
func idle(s size) (report.Curve, error) {
	c := report.Curve{
		Title:   "10,000 clients came and went",
		Notes:   "One process: broker, binder and server. Each client had a connection of its own and made a call. The last line must be near the first.",
		Columns: []report.Column{{Name: "heap", Unit: "MiB"}, {Name: "goroutines"}},
	}
	batches, batch := 4, 2500
	if s.quick {
		batch = 50
	}
	note := func(label string) {
		c.Points = append(c.Points, report.Point{Label: label, Values: []float64{heap() / miB, float64(runtime.NumGoroutine())}})
	}
	_, err := in(func(sys *system) (struct{}, error) {
		if _, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil)); err != nil {
			return struct{}{}, err
		}
		if err := visit(sys, 32); err != nil { // pools and the like fill up
			return struct{}{}, err
		}
		note("before")
		for i := range batches {
			if err := visit(sys, batch); err != nil {
				return struct{}{}, err
			}
			note(fmt.Sprintf("%d gone", (i+1)*batch))
		}
		// The only wait by the clock: what is measured is that time alone cleans up.
		time.Sleep(forgotten)
		note("12 s later")
		return struct{}{}, nil
	})
	return c, err
}

// visit lets n clients come, make a call each and go, some at once.
func visit(sys *system, n int) error {
	const atOnce = 32
	errs := make([]error, atOnce)
	var wg sync.WaitGroup
	for w := range atOnce {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += atOnce {
				errs[w] = visitOnce(sys)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func visitOnce(sys *system) error {
	nc, err := sys.broker.Connect("visitor") // closed here, so the system needn't know it
	if err != nil {
		return err
	}
	defer nc.Close()
	client, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // only of one-way calls could it say anything
	return adding(client, serviceName(0), 0)(context.Background())
}
