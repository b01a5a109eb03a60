package curves

import (
	"context"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// services lets one server have more and more services of one method.
func services(s size) (report.Curve, error) {
	c := report.Curve{
		Title: "One server with many services", X: "services",
		Notes:   "One process; 64 calls in flight, each of a service at random.",
		Columns: growthColumns,
	}
	for _, n := range s.steps(10, 1, 3, 10, 30, 100, 300) {
		served := make([]rpcserver.Service, n)
		for i := range served {
			served[i] = adder(serviceName(i), 1, nil)
		}
		point, err := in(func(sys *system) (report.Point, error) {
			return growth(s, sys, n, served, func(client *rpcclient.Client, i int) func(context.Context) error {
				return adding(client, serviceName(i), 0)
			})
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}
