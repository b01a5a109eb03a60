package curves

import (
	"context"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// spread spreads the same calls over methods and over services.
func spread(s size) (report.Curve, error) {
	const inFlight, targets = 256, 16
	c := report.Curve{
		Title:   "Calls spread at random",
		Notes:   "One process, one client, one instance, 256 calls in flight.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p99", Unit: "ms"}, {Name: "calls/message"}},
	}
	for _, k := range []struct {
		label             string
		services, methods int
	}{
		{"one method", 1, 1},
		{"16 methods of one service", 1, targets},
		{"16 services", targets, 1},
	} {
		point, err := in(func(sys *system) (p report.Point, err error) {
			var served []rpcserver.Service
			for i := range k.services {
				served = append(served, adder(serviceName(i), k.methods, nil))
			}
			if _, err := sys.serve(rpcserver.Config{}, served...); err != nil {
				return p, err
			}
			client, err := sys.client(rpcclient.Config{})
			if err != nil {
				return p, err
			}
			var stubs []func(context.Context) error
			for i := range k.services {
				for j := range k.methods {
					stubs = append(stubs, adding(client, serviceName(i), j))
				}
			}
			l, err := keep(s, inFlight, anyOf(stubs), client)
			return report.Point{Label: k.label, Values: []float64{l.PerSecond, milliseconds(l.P99), l.perMessage}}, err
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}
