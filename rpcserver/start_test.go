package rpcserver_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestOneServerServesSeveralServicesAndOneConnectionSeveralServers(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	nc := w.conn()
	for _, services := range [][]string{{"a", "b"}, {"c"}, {"a"}} {
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		for _, name := range services {
			if err := rpcserver.Register(srv, name, mathsvc.New()); err != nil {
				t.Fatal(err)
			}
		}
		if err := srv.Start(testContext(t)); err != nil {
			t.Fatal(err)
		}
		defer srv.Shutdown(testContext(t))
	}
	c := w.client(rpcclient.Config{})
	for _, name := range []string{"a", "b", "c"} {
		if got, err := rpcclient.Call[float64](testContext(t), c, name+".add", 2, 3); got != 5 || err != nil {
			t.Errorf("%s.add(2, 3) = %v, %v; want 5, nil", name, got, err)
		}
	}
}

func TestAServerThatHasStartedIsInTheRegistryAsItSaysItIs(t *testing.T) {
	began := time.Now()
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv := rpcserver.New(w.conn(), rpcserver.Config{
		Logger: quiet(), Version: "1.2.3", Metadata: map[string]string{"zone": "a"}, PerMethod: true,
	})
	if err := rpcserver.Register(srv, "math", mathsvc.New(), rpcserver.Idempotent("add", "sub")); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	registry := w.registry()
	entry, err := registry.Lookup(testContext(t), "math")
	if err != nil {
		t.Fatal(err)
	}
	r := entry.Records[0]
	if r.Instance != srv.Instance() || r.Version != "1.2.3" || r.Metadata["zone"] != "a" || !r.PerMethod || r.Started.Before(began) || r.Started.After(time.Now()) {
		t.Errorf("the record is %+v, want what Config says", r)
	}
	idempotent, signature := map[string]bool{}, map[string]string{}
	for _, m := range r.Methods {
		idempotent[m.Name], signature[m.Name] = m.Idempotent, m.Signature
	}
	for _, name := range []string{"add", "sub", "mul", "div"} {
		if want := name + "(float64, float64) float64"; signature[name] != want {
			t.Errorf("%s has the signature %q, want %q", name, signature[name], want)
		}
	}
	if !idempotent["add"] || !idempotent["sub"] || idempotent["mul"] || idempotent["div"] {
		t.Errorf("idempotent: %v, want add and sub of the four", idempotent)
	}
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := registry.Lookup(testContext(t), "math"); !errors.Is(err, helium.ErrUnknownService) {
		t.Errorf("after Shutdown the lookup = %v, want ErrUnknownService", err)
	}
}

func (w *world) registry() *binder.Client {
	w.t.Helper()
	c, err := binder.NewClient(w.conn(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestStartWithoutABinderFailsWhenItsTimeIsOverAndLeavesNothing(t *testing.T) {
	w := newWorld(t, broker.Config{})
	var srv *rpcserver.Server
	var err error
	// A machine that stands still may let so short a time pass before any binder is asked.
	var log logBook
	for left := 100 * time.Millisecond; left < patience && !strings.Contains(log.String(), "waiting for a binder"); left *= 2 {
		srv, _ = w.server(rpcserver.Config{Logger: log.logger()})
		ctx, cancel := context.WithTimeout(context.Background(), left)
		err = srv.Start(ctx)
		cancel()
	}
	if !errors.Is(err, helium.ErrNoBinder) {
		t.Errorf("Start = %v, want ErrNoBinder", err)
	}
	wants(t, err, "start one")
	if _, err := w.conn().Request(echo, []byte(`["x"]`), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a call after that: %v, want no responders", err)
	}
	wants(t, srv.Start(testContext(t)), "make a new one")
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown after that = %v, want nil", err)
	}
}

func TestStartWaitsForABinder(t *testing.T) {
	w := newWorld(t, broker.Config{})
	var log logBook
	srv, _ := w.server(rpcserver.Config{Logger: log.logger()})
	started := make(chan error, 1)
	go func() { started <- srv.Start(testContext(t)) }()
	eventually(t, "the log says that it waits", func() bool { return strings.Contains(log.String(), "waiting for a binder") })
	w.startBinder(binder.Config{})
	if err := receive(t, "Start", started); err != nil {
		t.Errorf("Start = %v, want nil", err)
	}
	wants(t, srv.Start(testContext(t)), "twice")
}

func TestAContextThatEndsEndsStart(t *testing.T) {
	w := newWorld(t, broker.Config{})
	var log logBook
	srv, _ := w.server(rpcserver.Config{Logger: log.logger()})
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan error, 1)
	go func() { started <- srv.Start(ctx) }()
	eventually(t, "it waits", func() bool { return strings.Contains(log.String(), "waiting for a binder") })
	cancel()
	if err := receive(t, "Start", started); err == nil {
		t.Error("Start = nil, want an error")
	}
}

func TestShutdownEndsAStartThatWaits(t *testing.T) {
	w := newWorld(t, broker.Config{})
	var log logBook
	nc := w.conn()
	srv := rpcserver.New(nc, rpcserver.Config{Logger: log.logger()})
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() { started <- srv.Start(testContext(t)) }()
	eventually(t, "it waits", func() bool { return strings.Contains(log.String(), "waiting for a binder") })
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
	wants(t, receive(t, "Start", started), "was shut down")
	if got := nc.NumSubscriptions(); got > 1 { // one is that of nats.go's requests
		t.Errorf("%d subscriptions are left, want those of the server gone", got)
	}
}

func TestStartAndShutdownMayMeetAtAnyMoment(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	nc, registry := w.conn(), w.registry()
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		for _, name := range []string{"a", "b"} {
			if err := rpcserver.Register(srv, name, mathsvc.New()); err != nil {
				t.Fatal(err)
			}
		}
		started := make(chan error, 1)
		go func() { started <- srv.Start(testContext(t)) }()
		time.Sleep(time.Duration(i) * 50 * time.Microsecond) // each time at another moment
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("Shutdown = %v, want nil", err)
		}
		if err := receive(t, "Start", started); err != nil {
			wants(t, err, "was shut down")
		}
		if records, err := registry.List(testContext(t)); len(records) > 0 || err != nil {
			t.Fatalf("the registry has %v, %v after round %d; want nothing", records, err, i)
		}
		if got := nc.NumSubscriptions(); got > 1 { // one is that of nats.go's requests
			t.Fatalf("%d subscriptions are left after round %d", got, i)
		}
	}
}

func TestRunServesUntilItsContextEnds(t *testing.T) {
	w := newWorld(t, broker.Config{})
	var log logBook
	srv, _ := w.server(rpcserver.Config{Logger: log.logger()})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	eventually(t, "it waits for a binder", func() bool { return strings.Contains(log.String(), "waiting for a binder") })
	w.startBinder(binder.Config{})
	c := w.client(rpcclient.Config{})
	eventually(t, "it can be called", func() bool { return c.Call(testContext(t), "probe.echo", nil, "x") == nil })
	cancel()
	if err := receive(t, "Run", ran); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestRunThatIsStoppedBeforeItStartedReturnsNil(t *testing.T) {
	srv, _ := newWorld(t, broker.Config{}).server(rpcserver.Config{})
	if err := srv.Run(ended(t)); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}

func TestRunReturnsWhenTheServerIsShutDownOrItsConnectionClosed(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	for name, end := range map[string]func(*rpcserver.Server, *nats.Conn){
		"shut down": func(srv *rpcserver.Server, _ *nats.Conn) { srv.Shutdown(testContext(t)) },
		"closed":    func(_ *rpcserver.Server, nc *nats.Conn) { nc.Close() },
	} {
		var log logBook
		nc := w.conn()
		srv := rpcserver.New(nc, rpcserver.Config{Logger: log.logger()})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		ran := make(chan error, 1)
		go func() { ran <- srv.Run(context.Background()) }()
		eventually(t, "it serves", func() bool { return strings.Contains(log.String(), "msg=serving") })
		end(srv, nc)
		err := receive(t, "Run", ran)
		if name == "shut down" && err != nil {
			t.Errorf("%s: Run = %v, want nil", name, err)
		}
		if name == "closed" {
			wants(t, err, "connection to NATS was closed")
		}
	}
}

func TestAUserWhoMayNotServeIsToldWhatToAllow(t *testing.T) {
	allowed := []string{"_INBOX.math.>", "helium.call.math", "helium.call.math.*", "helium.at.math.>", "helium.ctl.math.*"}
	for name, subscribe := range map[string][]string{
		"nothing":                   allowed[:1],
		"all but control":           allowed[:4],
		"all but calls of a method": slices.Concat(allowed[:2], allowed[3:]),
		"all":                       allowed,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, broker.Config{Users: []broker.User{{
				Name: "math", Password: "x", Subscribe: broker.Subjects{Allow: subscribe},
			}}})
			w.startBinder(binder.Config{})
			nc := w.connectAs(bus.Config{User: "math", Password: "x"})
			srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
			if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
				t.Fatal(err)
			}
			err := srv.Start(testContext(t))
			if name == "all" {
				if err != nil {
					t.Errorf("Start = %v, want nil", err)
				}
				if err := srv.Shutdown(testContext(t)); err != nil {
					t.Errorf("Shutdown = %v, want nil", err)
				}
				return
			}
			wants(t, err, "may not serve", "allow it to subscribe to", `"helium.call.math"`, `"helium.call.math.*"`, `"helium.at.math.>"`, `"helium.ctl.math.*"`)
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("Start = %v, want it to match nats.ErrPermissionViolation", err)
			}
		})
	}
}

func TestAnothersViolationOnTheSameConnectionIsNotTheServers(t *testing.T) {
	w := newWorld(t, broker.Config{Users: []broker.User{{
		Name: "math", Password: "x", Subscribe: broker.Subjects{Deny: []string{"secret"}},
	}}})
	w.startBinder(binder.Config{})
	nc := w.connectAs(bus.Config{User: "math", Password: "x"})
	srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	if _, err := nc.SubscribeSync("secret"); err != nil { // its refusal comes during Start
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Errorf("Start = %v, want nil", err)
	}
	if err := srv.Shutdown(testContext(t)); err != nil {
		t.Errorf("Shutdown = %v, want nil", err)
	}
}

func TestWhereNobodyCanDialIsRefusedAndWhereNobodyMayIsLogged(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	for _, test := range []struct {
		config rpcserver.Config
		says   string
	}{
		{rpcserver.Config{Advertise: "10.0.0.7:7001"}, "Config.Advertise says how callers get to where Config.Listen says; set both"},
		{rpcserver.Config{Listen: "127.0.0.1:0", Advertise: ":0"}, `Config.Advertise: ":0" names no host`},
		{rpcserver.Config{Listen: "unix:" + t.TempDir(), Advertise: "127.0.0.1:0"}, `Config.Advertise: "127.0.0.1:0" has port 0`},
	} {
		test.config.Logger = quiet()
		err := mathServer(t, w.conn(), test.config).Start(testContext(t))
		wants(t, err, test.says)
		if _, ok := errors.AsType[*helium.ConfigError](err); !ok {
			t.Errorf("got %v, want a helium.ConfigError", err)
		}
	}
	var log logBook
	if err := mathServer(t, w.conn(), rpcserver.Config{Listen: "127.0.0.1:0", PerMethod: true, Logger: log.logger()}).Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	if lines := log.lines("doesn't listen for direct links"); len(lines) != 1 {
		t.Errorf("of a server that is told to listen, and per method, the log says %q, want it once", lines)
	}
}
