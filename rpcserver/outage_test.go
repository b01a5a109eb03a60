package rpcserver_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
	"github.com/helium-rpc/helium/rpcserver"
)

// behind is a world whose broker can be reached through a proxy.
func behind(t testing.TB, d *loopback.Proxy, config broker.Config) *world {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	w := newWorld(t, config)
	d.Forward(strings.TrimPrefix(w.broker.URL(), "nats://"))
	return w
}

// dial connects through a proxy, so that the connection outlives the broker.
func (w *world) dial(d *loopback.Proxy) *nats.Conn {
	w.t.Helper()
	var nc *nats.Conn
	eventually(w.t, "connected", func() bool {
		var err error
		if nc, err = bus.Connect(testContext(w.t), bus.Config{URL: d.URL(), Name: w.t.Name(), Logger: quiet()}); err != nil {
			w.t.Logf("connect: %v", err)
		}
		return err == nil
	})
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
		var config broker.Config
		if kept {
			config.Dir = t.TempDir()
		}
		proxy := loopback.NewProxy(t)
		w := behind(t, proxy, config)
		w.startBinder(binder.Config{})
		nc := w.dial(proxy)
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		if err := rpcserver.Register(srv, "probe", newProbe()); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		w.binder.Close()
		proxy.Forward("")
		w.broker.Close()
		eventually(t, "the connection is down", func() bool { return !nc.IsConnected() })

		again := behind(t, proxy, config)
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
	changes := make(chan binder.EventKind, 1000)
	stop, err := registry.Watch("probe", func(e binder.Event) { changes <- e.Kind })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := registry.End(testContext(t), "probe", srv.Instance()); err != nil {
		t.Fatal(err)
	}
	// Should the machine stand still for a lease, the record is gone already.
	for kind := binder.EventKind(""); kind != binder.Ended && kind != binder.Expired; {
		kind = receive(t, "the registry has lost the instance", changes)
	}
	for kind := binder.EventKind(""); kind != binder.Registered; {
		kind = receive(t, "the instance registers again", changes)
	}
	eventually(t, "the registry knows it again", func() bool { return known(t, registry, srv) })
}

func TestALeaseIsKept(t *testing.T) {
	t.Parallel()
	const lease = 4 * time.Second // a machine may stand still for much of it
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{Lease: lease})
	srv, _ := w.serve(rpcserver.Config{})
	registry := w.registry()
	for until := time.Now().Add(lease + lease/8); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		entry, err := registry.Lookup(testContext(t), "probe")
		if err != nil || len(entry.Records) != 1 || entry.Records[0].Instance != srv.Instance() {
			t.Fatalf("the registry has %+v, %v; want the server, which lives", entry, err)
		}
	}
}

func TestALeaseThatNobodyRenewsEnds(t *testing.T) {
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
	nc.Close() // as if killed
	eventually(t, "the registry has forgotten it", func() bool {
		_, err := registry.Lookup(testContext(t), "probe")
		return errors.Is(err, helium.ErrUnknownService)
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
