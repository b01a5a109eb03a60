package binder

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func startBroker(t testing.TB, config broker.Config) *broker.Broker {
	t.Helper()
	config.Logger = quiet()
	b, err := broker.Start(testContext(t), config)
	if err != nil {
		t.Fatalf("broker: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

func connect(t testing.TB, b *broker.Broker) *nats.Conn {
	t.Helper()
	return connectWith(t, b, bus.Config{Name: t.Name()})
}

// connectWith connects. It tries again, since a handshake has a time limit.
func connectWith(t testing.TB, b *broker.Broker, config bus.Config) (nc *nats.Conn) {
	t.Helper()
	config.Logger = quiet()
	eventually(t, "connected", func() (err error) {
		nc, err = b.ConnectWith(testContext(t), config)
		return err
	})
	t.Cleanup(nc.Close)
	return nc
}

func startBinder(t testing.TB, nc *nats.Conn, config Config) *Binder {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet()
	}
	b, err := Start(testContext(t), nc, config)
	if err != nil {
		t.Fatalf("binder: %v", err)
	}
	t.Cleanup(b.Close)
	return b
}

func newClient(t testing.TB, nc *nats.Conn) *Client {
	t.Helper()
	c, err := NewClient(nc, "")
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	return c
}

// world is a broker, a binder and a client.
func world(t testing.TB, config Config) (*broker.Broker, *Binder, *Client) {
	t.Helper()
	b := startBroker(t, broker.Config{})
	config.Memory = true
	reg := startBinder(t, connect(t, b), config)
	return b, reg, newClient(t, connect(t, b))
}

// record makes a record whose methods take nothing and return nothing.
func record(service, instance string, methods ...string) Record {
	r := Record{Service: service, Instance: instance, Version: "1.0.0", Methods: []Method{}}
	for _, name := range methods {
		r.Methods = append(r.Methods, Method{Name: name, Signature: name + "()", Kind: KindCall})
	}
	return r
}

func register(t testing.TB, c *Client, records ...Record) {
	t.Helper()
	for _, r := range records {
		if _, err := c.Register(testContext(t), r); err != nil {
			t.Fatalf("register %v: %v", r, err)
		}
	}
}

// refusedForCertain asks for one thing after the other until one is refused for certain, and returns why. Where a
// busy machine answers late the client has asked once more, and doesn't know what came of that.
func refusedForCertain(t testing.TB, ask func(nth int) error) (err error) {
	t.Helper()
	for n := range 20 {
		if err = ask(n); err != nil && helium.OutcomeOf(err) == helium.NotExecuted {
			return err
		}
	}
	t.Fatalf("none of 20 requests was refused for certain; the last: %v (%v)", err, helium.OutcomeOf(err))
	return err
}

// hears waits until the binders have heard of so many records.
func hears(t testing.TB, c *Client, want int) {
	t.Helper()
	eventually(t, "the binder has heard of all records", func() error {
		known, err := c.List(testContext(t))
		if err == nil && len(known) != want {
			err = fmt.Errorf("it knows %d, want %d", len(known), want)
		}
		return err
	})
}

// eventually polls a condition that says what is wrong, until nothing is.
func eventually(t testing.TB, what string, wrong func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := wrong()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still not so after %v: %v", what, patience, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func instances(records []Record) string {
	var names []string
	for _, r := range records {
		names = append(names, r.Service+"/"+r.Instance)
	}
	return fmt.Sprint(names)
}
