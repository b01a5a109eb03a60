package mathsvc_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

// serveGenerated serves the math service by mathsvc.Register.
func serveGenerated(t testing.TB, env *heliumtest.Env) {
	t.Helper()
	srv := rpcserver.New(env.Conn("math-server"), rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	if err := mathsvc.Register(srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestTheServiceServedWithoutReflectionIsTheSame(t *testing.T) {
	env := heliumtest.New(t)
	serveGenerated(t, env)
	math := mathsvc.NewClient(env.Client)
	ctx := context.Background()
	for _, tt := range []struct {
		name string
		call func(context.Context, float64, float64) (float64, error)
		want float64
	}{{"Add", math.Add, 8}, {"Sub", math.Sub, 4}, {"Mul", math.Mul, 12}, {"Div", math.Div, 3}} {
		if got, err := tt.call(ctx, 6, 2); err != nil || got != tt.want {
			t.Errorf("%s(6, 2) = %v, %v; want %v, nil", tt.name, got, err, tt.want)
		}
	}
	if _, err := math.Div(ctx, 1, 0); !errors.Is(err, mathsvc.ErrDivisionByZero) {
		t.Errorf("Div(1, 0) error = %v, want ErrDivisionByZero", err)
	}
	if err := env.Client.Call(ctx, "math.add", nil, 1, "two"); !errors.Is(err, helium.ErrBadArgument) {
		t.Errorf(`add(1, "two") error = %v, want ErrBadArgument`, err)
	}
}

func TestItsParametersCanBeNamed(t *testing.T) {
	env := heliumtest.New(t)
	serveGenerated(t, env)
	reply, err := env.Conn("bare").Request("helium.call.math.sub", []byte(`{"b": 2, "a": 7}`), patience)
	if err != nil {
		t.Fatal(err)
	}
	var got float64
	if err := json.Unmarshal(reply.Data, &got); err != nil || got != 5 {
		t.Errorf("sub(a=7, b=2) answered %q, want 5", reply.Data)
	}
}

func TestTheExamplesOfItsMethodsAreTrue(t *testing.T) {
	env := heliumtest.New(t)
	serveGenerated(t, env)
	registry, err := binder.NewClient(env.Conn("reader"), "")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := registry.Lookup(t.Context(), "math")
	if err != nil {
		t.Fatal(err)
	}
	methods := entry.Records[0].Methods
	calls, streams := 0, 0
	for _, m := range methods {
		if m.Kind == binder.KindStream {
			if m.Example != nil {
				streams++
				wantItems(t, env.Conn("bare"), m)
			}
			continue
		}
		calls++
		if m.Example == nil || !m.Idempotent || m.Doc == "" {
			t.Errorf("%s is described as %+v; want an example, a text, and that it is idempotent", m.Name, m)
			continue
		}
		reply, err := env.Conn("bare").Request("helium.call.math."+m.Name, m.Example.Args, patience)
		if err != nil || string(reply.Data) != string(m.Example.Result) {
			t.Errorf("%s(%s) = %s, %v; want %s", m.Name, m.Example.Args, reply.Data, err, m.Example.Result)
		}
	}
	if calls != 4 || streams != 1 || len(methods) != 7 {
		t.Errorf("math has %d calls and %d streams with examples among its %d methods, want 4 and 1 of 7", calls, streams, len(methods))
	}
}

// wantItems begins a stream by a plain request with its example's arguments, which has to give items that are JSON.
func wantItems(t *testing.T, nc *nats.Conn, m binder.Method) {
	t.Helper()
	inbox := nc.NewRespInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := nc.PublishRequest("helium.call.math."+m.Name, inbox, m.Example.Args); err != nil {
		t.Fatal(err)
	}
	for items := 0; ; items++ {
		msg, err := sub.NextMsg(patience)
		if err != nil {
			t.Fatalf("%s(%s) after %d items: %v", m.Name, m.Example.Args, items, err)
		}
		if end := msg.Header.Get("Helium-Items"); end != "" {
			if end != strconv.Itoa(items) || items == 0 || msg.Header.Get("Nats-Service-Error") != "" {
				t.Errorf("%s(%s) ends with the headers %v after %d items, want some, and no error", m.Name, m.Example.Args, msg.Header, items)
			}
			return
		}
		if !json.Valid(msg.Data) {
			t.Errorf("%s(%s) has the item %q, want JSON", m.Name, m.Example.Args, msg.Data)
		}
	}
}
