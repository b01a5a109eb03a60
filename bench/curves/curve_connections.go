package curves

import (
	"context"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// connections spreads the same calls over more and more clients.
func connections(s size) (report.Curve, error) {
	const inFlight = 512
	c := report.Curve{
		Title: "Many client connections", X: "connections",
		Notes:   "One process; 512 calls in flight in all, each by a client at random. The heap is what a client and its connection cost, the broker's and the server's part included.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p99", Unit: "ms"}, {Name: "calls/message"}, {Name: "heap a client", Unit: "KiB"}},
	}
	for _, n := range s.steps(20, 1, 5, 20, 50, 100, 200, 500) {
		point, err := in(func(sys *system) (p report.Point, err error) {
			if _, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil)); err != nil {
				return p, err
			}
			before := heap()
			var clients []*rpcclient.Client
			var stubs []func(context.Context) error
			err = each(n, func(int) error {
				client, err := sys.client(rpcclient.Config{})
				if err != nil {
					return err
				}
				clients = append(clients, client)
				stub := adding(client, serviceName(0), 0)
				stubs = append(stubs, stub)
				return stub(context.Background())
			})
			if err != nil {
				return p, err
			}
			cost := (heap() - before) / float64(n)
			l, err := keep(s, inFlight, anyOf(stubs), clients...)
			return report.Point{X: float64(n), Values: []float64{l.PerSecond, milliseconds(l.P99), l.perMessage, cost / kiB}}, err
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}
