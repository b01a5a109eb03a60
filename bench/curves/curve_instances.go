package curves

import (
	"context"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// instances spreads the same calls over more and more instances.
func instances(s size) (report.Curve, error) {
	c := report.Curve{
		Title: "Many instances of one service", X: "instances",
		Notes:   "One process, so more instances bring no more processors: what shows is their cost. 64 calls in flight from one client.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p99", Unit: "ms"}, {Name: "calls/message"}, {Name: "first call", Unit: "ms", Hidden: true}},
	}
	for _, n := range s.steps(4, 1, 2, 4, 8, 16, 32) {
		point, err := in(func(sys *system) (p report.Point, err error) {
			if err := each(n, func(int) error {
				_, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil))
				return err
			}); err != nil {
				return p, err
			}
			client, err := sys.client(rpcclient.Config{})
			if err != nil {
				return p, err
			}
			stub := adding(client, serviceName(0), 0)
			first, err := timed(func() error { return stub(context.Background()) })
			if err != nil {
				return p, err
			}
			l, err := keep(s, manyInFlight, func() error { return stub(context.Background()) }, client)
			return report.Point{X: float64(n), Values: []float64{l.PerSecond, milliseconds(l.P99), l.perMessage, milliseconds(first)}}, err
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}
