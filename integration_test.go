package helium_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// The tour of the whole system, part by part as programs set it up. Its promises, and what
// happens when parts fail, are tested in internal/e2e.
func TestTheWholeSystem(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	// A broker: a NATS server in this process. An existing one does as well.
	b, err := broker.Start(ctx, broker.Config{Listen: "127.0.0.1:0"})
	ok(t, err)
	defer b.Close()
	connect := func(name string) *nats.Conn {
		nc, err := bus.Connect(ctx, bus.Config{URL: b.URL(), Name: name})
		ok(t, err)
		t.Cleanup(nc.Close)
		return nc
	}

	// A binder: it keeps the registry, in which servers and clients find each other.
	registry, err := binder.Start(ctx, connect("binder"), binder.Config{})
	ok(t, err)
	defer registry.Close()

	// A server: it serves a Go value. When Start returns, the service can be called.
	serve := func(version string) *rpcserver.Server {
		srv := rpcserver.New(connect("server"), rpcserver.Config{Version: version})
		ok(t, rpcserver.Register[mathsvc.Service](srv, "math", mathsvc.New()))
		ok(t, srv.Start(ctx))
		return srv
	}
	first := serve("1.0.0")

	// The registry can be asked for a service or a method.
	records, err := binder.NewClient(connect("asking"), "")
	ok(t, err)
	entry, err := records.Lookup(ctx, "add")
	ok(t, err)
	if len(entry.Records) != 1 || entry.Service != "math" || entry.Records[0].Instance != first.Instance() || entry.Records[0].Version != "1.0.0" {
		t.Errorf("add is found as %+v, want instance %s of math, version 1.0.0", entry, first.Instance())
	}

	// A client, and the ways to call: by a generated stub, by a function, by the fields of a
	// struct, by the method's name with its service or alone.
	c, err := rpcclient.New(connect("client"), rpcclient.Config{})
	ok(t, err)
	defer c.Close()
	add, err := rpcclient.Func[func(ctx context.Context, a, b float64) (float64, error)](c, "math.add")
	ok(t, err)
	var math struct {
		Add, Div func(ctx context.Context, a, b float64) (float64, error)
	}
	ok(t, c.Bind("math", &math))
	for way, add := range map[string]func(ctx context.Context, a, b float64) (float64, error){
		"a generated stub": mathsvc.NewClient(c).Add,
		"a function":       add,
		"a struct's field": math.Add,
		"the method's name": func(ctx context.Context, a, b float64) (float64, error) {
			return rpcclient.Call[float64](ctx, c, "math.add", a, b)
		},
		"its bare name": func(ctx context.Context, a, b float64) (float64, error) {
			return rpcclient.Call[float64](ctx, c, "add", a, b)
		},
	} {
		if sum, err := add(ctx, 2, 3); err != nil || sum != 5 {
			t.Errorf("by %s 2 + 3 is %v, %v; want 5, nil", way, sum, err)
		}
	}

	// An error is the same on both sides, and says whether the handler could have run.
	_, err = math.Div(ctx, 1, 0)
	if !errors.Is(err, mathsvc.ErrDivisionByZero) || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("1 / 0: error %v, outcome %v; want ErrDivisionByZero, executed", err, helium.OutcomeOf(err))
	}
	if err := c.Call(ctx, "math.root", nil, 2); !errors.Is(err, helium.ErrUnknownMethod) || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("math.root: error %v, outcome %v; want ErrUnknownMethod, not executed", err, helium.OutcomeOf(err))
	}

	// Any NATS client can call, in JSON or msgpack.
	answer, err := connect("somebody").RequestWithContext(ctx, "helium.call.math.add", []byte("[2, 3]"))
	ok(t, err)
	if got := string(answer.Data); got != "5" {
		t.Errorf("the plain request [2, 3] is answered with %s, want 5", got)
	}

	// A new version takes over: a server that shuts down finishes what it has, and the calls
	// that come meanwhile go to the others.
	second := serve("2.0.0")
	ok(t, first.Shutdown(ctx))
	if sum, err := math.Add(ctx, 2, 3); err != nil || sum != 5 {
		t.Errorf("at the second server 2 + 3 is %v, %v; want 5, nil", sum, err)
	}

	// Nobody listens: that is known at once.
	ok(t, second.Shutdown(ctx))
	if _, err := math.Add(ctx, 2, 3); helium.OutcomeOf(err) != helium.NotExecuted || ctx.Err() != nil {
		t.Errorf("without a server: error %v, outcome %v; want not executed, at once", err, helium.OutcomeOf(err))
	}
}

// ok ends the test if a step of it fails.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
