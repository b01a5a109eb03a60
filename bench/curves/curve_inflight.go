package curves

import (
	"context"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// inFlight lets more and more calls of one client be in flight.
func inFlight(s size) (report.Curve, error) {
	c := report.Curve{
		Title: "Many calls in flight", X: "calls in flight",
		Notes:   "One process, one client, one instance that queues instead of refusing.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p50", Unit: "ms", Hidden: true}, {Name: "p99", Unit: "ms"}, {Name: "calls/message"}},
	}
	for _, n := range s.steps(1000, 1, 10, 100, 1000, 5000, 10000, 20000, 50000) {
		point, err := in(func(sys *system) (p report.Point, err error) {
			if _, err := sys.serve(rpcserver.Config{MaxQueue: 1 << 20}, adder(serviceName(0), 1, nil)); err != nil {
				return p, err
			}
			client, err := sys.client(rpcclient.Config{})
			if err != nil {
				return p, err
			}
			stub := adding(client, serviceName(0), 0)
			l, err := keep(s, n, func() error { return stub(context.Background()) }, client)
			return report.Point{X: float64(n), Values: []float64{l.PerSecond, milliseconds(l.P50), milliseconds(l.P99), l.perMessage}}, err
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}
