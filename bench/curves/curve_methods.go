package curves

import (
	"context"
	"time"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// manyInFlight is how many calls are in flight where a curve is about something else.
const manyInFlight = 64

// growthColumns are what curves of methods and services show.
var growthColumns = []report.Column{
	{Name: "calls a second"}, {Name: "p99", Unit: "ms"},
	{Name: "start of the server", Unit: "ms"}, {Name: "first call", Unit: "ms"},
}

// methods lets one service have more and more methods.
func methods(s size) (report.Curve, error) {
	c := report.Curve{
		Title: "One service with many methods", X: "methods",
		Notes:   "One process; 64 calls in flight, each of a method at random.",
		Columns: growthColumns,
	}
	for _, n := range s.steps(30, 1, 3, 10, 30, 100, 300, 1000) {
		point, err := in(func(sys *system) (report.Point, error) {
			return growth(s, sys, n, []rpcserver.Service{adder(serviceName(0), n, nil)}, func(client *rpcclient.Client, i int) func(context.Context) error {
				return adding(client, serviceName(0), i)
			})
		})
		if err != nil {
			return c, err
		}
		c.Points = append(c.Points, point)
	}
	return c, nil
}

// growth measures one server with n things that can be called, each by a stub.
func growth(s size, sys *system, n int, services []rpcserver.Service, stub func(*rpcclient.Client, int) func(context.Context) error) (p report.Point, err error) {
	start, err := sys.serve(rpcserver.Config{}, services...)
	if err != nil {
		return p, err
	}
	client, err := sys.client(rpcclient.Config{})
	if err != nil {
		return p, err
	}
	stubs := make([]func(context.Context) error, n)
	for i := range stubs {
		stubs[i] = stub(client, i)
	}
	began := time.Now()
	if err := stubs[0](context.Background()); err != nil {
		return p, err
	}
	first := time.Since(began)
	l, err := keep(s, manyInFlight, anyOf(stubs), client)
	if err != nil {
		return p, err
	}
	return report.Point{X: float64(n), Values: []float64{l.PerSecond, milliseconds(l.P99), milliseconds(start), milliseconds(first)}}, nil
}
