package rpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcserver"
)

// dial connects over the network, so that the connection outlives the broker.
func (w *world) dial() *nats.Conn {
	w.t.Helper()
	nc, err := bus.Connect(testContext(w.t), bus.Config{URL: w.broker.URL(), Name: w.t.Name(), Logger: quiet()})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(nc.Close)
	return nc
}

// known reports whether the registry has the probe's instance.
func known(t *testing.T, registry *binder.Client, srv *rpcserver.Server) bool {
	ctx, cancel := context.WithTimeout(testContext(t), time.Second)
	defer cancel()
	entry, err := registry.Lookup(ctx, "probe")
	return err == nil && len(entry.Records) == 1 && entry.Records[0].Instance == srv.Instance()
}

func TestAServerIsBackAfterTheBrokerAndTheBinderRestarted(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{true, false} {
		config := broker.Config{Listen: "127.0.0.1:0"}
		if kept {
			config.Dir = t.TempDir()
		}
		w := newWorld(t, config)
		w.startBinder(binder.Config{})
		nc := w.dial()
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		if err := rpcserver.Register(srv, "probe", newProbe()); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		config.Listen = strings.TrimPrefix(w.broker.URL(), "nats://")
		w.binder.Close()
		w.broker.Close()
		eventually(t, "the connection is down", func() bool { return !nc.IsConnected() })

		again := newWorld(t, config)
		again.startBinder(binder.Config{})
		registry := again.registry()
		eventually(t, "the registry knows it again", func() bool { return known(t, registry, srv) })
		msg, err := again.conn().Request(echo, []byte(`["x"]`), patience)
		if err != nil || string(msg.Data) != `"x"` {
			t.Errorf("registry kept: %v: a call after the restart: %v, %v; want \"x\", nil", kept, msg, err)
		}
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("Shutdown = %v, want nil", err)
		}
	}
}

func TestAWipedRegistryHealsWithinARenewal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{Lease: time.Second})
	srv, _ := w.serve(rpcserver.Config{})
	registry := w.registry()
	if err := registry.End(testContext(t), "probe", srv.Instance()); err != nil {
		t.Fatal(err)
	}
	if known(t, registry, srv) {
		t.Error("the registry knows the instance that was wiped")
	}
	eventually(t, "the registry knows it again", func() bool { return known(t, registry, srv) })
}

func TestALeaseIsKeptAndOneThatNobodyRenewsEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{Lease: time.Second})
	nc := w.conn()
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(srv, "probe", newProbe()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	registry := w.registry()
	for until := time.Now().Add(1500 * time.Millisecond); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if !known(t, registry, srv) {
			t.Fatal("the registry has forgotten a server that lives")
		}
	}
	nc.Close() // as if killed
	eventually(t, "the registry has forgotten it", func() bool {
		_, err := registry.Lookup(testContext(t), "probe")
		return errors.Is(err, binder.ErrUnknownService)
	})
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown on a closed connection = %v, want nil", err)
	}
}

func TestAServerServesOnWhileNoBinderIsThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{Lease: time.Second})
	var log logBook
	srv, _ := w.serve(rpcserver.Config{Logger: log.logger()})
	w.binder.Close()
	eventually(t, "the log says so", func() bool { return strings.Contains(log.String(), "can't be renewed") })
	if msg, err := w.conn().Request(echo, []byte(`["x"]`), patience); err != nil || string(msg.Data) != `"x"` {
		t.Errorf("a call without a binder: %v, %v; want \"x\", nil", msg, err)
	}
	w.startBinder(binder.Config{Lease: time.Second})
	registry := w.registry()
	eventually(t, "the new binder knows the server", func() bool { return known(t, registry, srv) })
	eventually(t, "the log says that, too", func() bool { return strings.Contains(log.String(), "registered again") })
}
