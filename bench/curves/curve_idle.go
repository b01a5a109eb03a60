package curves

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// forgotten is how long after its last call a server has certainly forgotten a caller.
const forgotten = 12 * time.Second

// idle lets clients come, call and go, and looks at what they leave behind. The broker
// remembers closed connections, up to 10,000 of them; what bare connections leave
// behind is taken apart.
func idle(s size) (report.Curve, error) {
	visitors, wait := 10_000, forgotten
	if s.quick {
		visitors, wait = 200, 100*time.Millisecond
	}
	c := report.Curve{
		Title:   fmt.Sprintf("%d clients came and went", visitors),
		Notes:   fmt.Sprintf("One process: broker, binder, server. Each client made a call and was closed. %v later the heap must not have grown by more than it does for bare connections: those the broker remembers, with what they had subscribed to.", wait),
		Columns: []report.Column{{Name: "heap grown when they had gone", Unit: "MiB"}, {Name: "heap grown later", Unit: "MiB"}, {Name: "goroutines more", Hidden: true}},
	}
	for _, k := range []struct {
		label string
		visit func(*system, *nats.Conn) error
	}{
		{"bare connections", func(sys *system, _ *nats.Conn) error { return visitBare(sys) }},
		{"clients with connections", func(sys *system, _ *nats.Conn) error { return visitConnected(sys) }},
		{"clients on one connection", func(_ *system, nc *nats.Conn) error { return visitOn(nc) }},
	} {
		point, err := in(func(sys *system) (report.Point, error) { return idlePoint(sys, k.visit, visitors, wait) })
		if err != nil {
			return c, err
		}
		point.Label = k.label
		c.Points = append(c.Points, point)
	}
	return c, nil
}

func idlePoint(sys *system, visit func(*system, *nats.Conn) error, visitors int, wait time.Duration) (p report.Point, err error) {
	if _, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil)); err != nil {
		return p, err
	}
	shared, err := sys.connect("visitors")
	if err != nil {
		return p, err
	}
	one := func() error { return visit(sys, shared) }
	if err := atOnce(one, 64); err != nil { // pools and the like fill up
		return p, err
	}
	before, goroutines := heap(), runtime.NumGoroutine()
	if err := atOnce(one, visitors); err != nil {
		return p, err
	}
	gone := heap()
	// The only wait by the clock: what is measured is that time alone cleans up.
	time.Sleep(wait)
	return report.Point{Values: []float64{(gone - before) / miB, (heap() - before) / miB, float64(runtime.NumGoroutine() - goroutines)}}, nil
}

// atOnce lets n visitors come and go, some of them at the same time.
func atOnce(visit func() error, n int) error {
	errs := make([]error, 32)
	var wg sync.WaitGroup
	for w := range errs {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += len(errs) {
				errs[w] = visit()
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

func visitBare(sys *system) error {
	nc, err := sys.broker.Connect("visitor") // closed here, so the system needn't know it
	if err != nil {
		return err
	}
	defer nc.Close()
	return nc.Flush()
}

func visitConnected(sys *system) error {
	nc, err := sys.broker.Connect("visitor")
	if err != nil {
		return err
	}
	defer nc.Close()
	return visitOn(nc)
}

func visitOn(nc *nats.Conn) error {
	client, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }() // only of one-way calls could it say anything
	return adding(client, serviceName(0), 0)(context.Background())
}
