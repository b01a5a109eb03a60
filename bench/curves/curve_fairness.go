package curves

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcserver"
)

// fairness asks what coalescing does to slow handlers: a message goes to one instance,
// whatever it holds.
func fairness(s size) (report.Curve, error) {
	c := report.Curve{
		Title:   "Coalescing beside one call a message",
		Notes:   "One process. Four instances that run 16 calls each, 64 calls in flight from one client. Slower is 20 ms where the others take 2 ms.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p50", Unit: "ms", Hidden: true}, {Name: "p99", Unit: "ms"}, {Name: "calls/message"}},
	}
	for _, k := range []struct {
		label   string
		handler func(instance int) func(context.Context)
	}{
		{"2 ms", func(int) func(context.Context) { return sleeping(2 * time.Millisecond) }},
		{"1 µs, 5 ms", func(int) func(context.Context) { return alternating(time.Microsecond, 5*time.Millisecond) }},
		{"one slower", func(instance int) func(context.Context) {
			if instance == 0 {
				return sleeping(20 * time.Millisecond)
			}
			return sleeping(2 * time.Millisecond)
		}},
		{"no time", func(int) func(context.Context) { return nil }},
	} {
		for _, coalesce := range []bool{true, false} {
			point, err := in(func(sys *system) (report.Point, error) { return fairnessPoint(s, sys, k.handler, coalesce) })
			if err != nil {
				return c, err
			}
			point.Label = k.label + map[bool]string{true: ", on", false: ", off"}[coalesce]
			c.Points = append(c.Points, point)
		}
	}
	return c, nil
}

func fairnessPoint(s size, sys *system, handler func(instance int) func(context.Context), coalesce bool) (p report.Point, err error) {
	const instances, workers = 4, 16
	err = each(instances, func(i int) error {
		// A queue that refuses nothing: what is measured is the spreading.
		_, err := sys.serve(rpcserver.Config{MaxInFlight: workers, MaxQueue: 1 << 16}, adder(serviceName(0), 1, handler(i)))
		return err
	})
	if err != nil {
		return p, err
	}
	call, clients, err := callers(sys, coalesce, instances*workers)
	if err != nil {
		return p, err
	}
	l, err := keep(s, instances*workers, call, clients...)
	return report.Point{Values: []float64{l.PerSecond, milliseconds(l.P50), milliseconds(l.P99), l.perMessage}}, err
}

func sleeping(d time.Duration) func(context.Context) {
	return func(context.Context) { time.Sleep(d) }
}

// alternating takes the one time and the other in turn. Times too short to sleep are
// spent working.
func alternating(short, long time.Duration) func(context.Context) {
	var n atomic.Uint64
	return func(context.Context) {
		if n.Add(1)%2 == 0 {
			time.Sleep(long)
			return
		}
		for end := time.Now().Add(short); time.Now().Before(end); {
		}
	}
}
