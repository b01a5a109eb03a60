package curves

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bench/report"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// cluster asks what it costs a call that its server is at another broker of a cluster,
// and what a bare request pays for the same way.
func cluster(s size) (report.Curve, error) {
	c := report.Curve{
		Title:   "A cluster of three brokers",
		Notes:   "One process, routes over loopback. The client is at the server's broker or at another; beside it bare NATS requests over the same connections.",
		Columns: []report.Column{{Name: "calls a second"}, {Name: "p50", Unit: "ms"}, {Name: "calls/message"}, {Name: "requests a second"}, {Name: "request p50", Unit: "ms", Hidden: true}},
	}
	members, stop, err := startCluster(3)
	if err != nil {
		return c, err
	}
	defer stop()
	sys := &system{broker: members[0]}
	defer sys.close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := sys.startBinder(ctx); err != nil {
		return c, err
	}
	if _, err := sys.serve(rpcserver.Config{}, adder(serviceName(0), 1, nil)); err != nil {
		return c, err
	}
	echo, err := sys.connect("echo")
	if err != nil {
		return c, err
	}
	if _, err := echo.QueueSubscribe(echoSubject, "echo", func(m *nats.Msg) { _ = m.Respond(m.Data) }); err != nil {
		return c, err
	}
	for i, where := range []string{"same broker", "across a route"} {
		for _, inFlight := range s.steps(2, 1, 16, 256) {
			at := &system{broker: members[i]}
			point, err := clusterPoint(s, at, inFlight)
			at.close()
			if err != nil {
				return c, err
			}
			point.Label = fmt.Sprintf("%s, %d", where, inFlight)
			c.Points = append(c.Points, point)
		}
	}
	return c, nil
}

const echoSubject = "bench.echo"

// clusterPoint measures calls, and then bare requests, of a client at one broker.
func clusterPoint(s size, at *system, inFlight int) (p report.Point, err error) {
	client, err := at.client(rpcclient.Config{})
	if err != nil {
		return p, err
	}
	stub := adding(client, serviceName(0), 0)
	call := func() error { return stub(context.Background()) }
	nc, err := at.connect("requester")
	if err != nil {
		return p, err
	}
	data := make([]byte, 16)
	request := func() error {
		_, err := nc.Request(echoSubject, data, 10*time.Second)
		return err
	}
	if err := errors.Join(untilAnswered(call), untilAnswered(request)); err != nil {
		return p, err
	}
	calls, err := keep(s, inFlight, call, client)
	if err != nil {
		return p, err
	}
	requests, err := keep(s, inFlight, request)
	return report.Point{Values: []float64{calls.PerSecond, milliseconds(calls.P50), calls.perMessage, requests.PerSecond, milliseconds(requests.P50)}}, err
}

// untilAnswered makes a call until it is answered: brokers tell each other of who listens
// where a little later.
func untilAnswered(call func() error) (err error) {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if err = call(); err == nil {
			return nil
		}
	}
	return err
}

// startCluster starts brokers that form a cluster, and waits until they have.
func startCluster(size int) (members []*broker.Broker, stop func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	stop = func() {
		for _, b := range members {
			b.Close()
		}
	}
	var routes []string
	for i := range size {
		b, err := broker.Start(ctx, broker.Config{
			Name: fmt.Sprintf("bench-%d", i+1), Logger: slog.New(slog.DiscardHandler),
			Cluster: &broker.Cluster{Name: "bench", Routes: slices.Clone(routes)},
		})
		if err != nil {
			stop()
			return nil, nil, err
		}
		members = append(members, b)
		routes = append(routes, b.ClusterURL())
	}
	for _, b := range members {
		if err := b.WaitCluster(ctx, size); err != nil {
			stop()
			return nil, nil, err
		}
	}
	return members, stop, nil
}
