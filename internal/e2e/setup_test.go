package e2e_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

// soon bounds what takes milliseconds on a machine that isn't busy, and some seconds on
// one where any goroutine may stand still for a while. It is far from the deadlines and
// leases that it is told apart from.
const soon = 15 * time.Second

// long is a lease that no test sees the end of.
const long = 10 * time.Minute

var longLease = binder.Config{Lease: long}

var quiet = slog.New(slog.DiscardHandler)

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	t.Cleanup(cancel)
	return ctx
}

func startBroker(t testing.TB, config broker.Config) *broker.Broker {
	t.Helper()
	config.Logger = quiet
	b, err := broker.Start(testContext(t), config)
	if err != nil {
		t.Fatalf("the broker doesn't start: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

// dial connects over TCP. A handshake that takes too long is made again.
func dial(t testing.TB, url string, options ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := bus.Connect(testContext(t), bus.Config{URL: url, Name: t.Name(), Wait: true, Logger: quiet, Options: options})
	if err != nil {
		t.Fatalf("connecting to %s: %v", url, err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func startBinder(t testing.TB, nc *nats.Conn, config binder.Config) *binder.Binder {
	t.Helper()
	config.Logger = quiet
	b, err := binder.Start(testContext(t), nc, config)
	if err != nil {
		t.Fatalf("the binder doesn't start: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

// registryOf returns a client of the binders.
func registryOf(t testing.TB, nc *nats.Conn) *binder.Client {
	t.Helper()
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	return registry
}

// serve serves impl; calls that still run when the test ends are cut after a moment.
func serve[S any](t testing.TB, nc *nats.Conn, config rpcserver.Config, name string, impl S, options ...rpcserver.Option) *rpcserver.Server {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet
	}
	if config.DrainTimeout == 0 {
		config.DrainTimeout = time.Second
	}
	srv := rpcserver.New(nc, config)
	if err := rpcserver.Register(srv, name, impl, options...); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatalf("the server of %q doesn't start: %v", name, err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) }) // cutting calls is an error, and meant
	return srv
}

func newClient(t testing.TB, nc *nats.Conn, config rpcclient.Config) *rpcclient.Client {
	t.Helper()
	config.Logger = quiet
	c, err := rpcclient.New(nc, config)
	if err != nil {
		t.Fatalf("the client: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing the client: %v", err)
		}
	})
	return c
}

// network is a broker that listens, with a binder whose leases outlast the test.
type network struct {
	t      testing.TB
	broker *broker.Broker
	over   linkage
}

func newNetwork(t testing.TB) network {
	t.Helper()
	return newNetworkOver(t, linkage{})
}

// dial returns a connection of its own, over TCP.
func (n network) dial(options ...nats.Option) *nats.Conn {
	n.t.Helper()
	return dial(n.t, n.broker.URL(), options...)
}

func (n network) client(config rpcclient.Config) *rpcclient.Client {
	n.t.Helper()
	return newClient(n.t, n.dial(), config)
}

// eventually polls a condition that says what is wrong, until nothing is.
func eventually(t testing.TB, what string, wrong func() error) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("want %s; got, still after %v: %v", what, patience, err)
		}
	}
}

// receive takes the next value of a channel that must have one soon.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v, open := <-from:
		if !open {
			t.Fatalf("want %s; got a closed channel", what)
		}
		return v
	case <-time.After(patience):
		t.Fatalf("want %s; got nothing in %v", what, patience)
	}
	panic("not reached")
}
