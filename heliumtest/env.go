package heliumtest

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// patience bounds what a healthy machine does in milliseconds.
const patience = 20 * time.Second

// Env is a whole Helium in the test's own process: a broker that nobody else can reach,
// a binder, and a client. All of it, and what is made with it, is closed when the test
// ends, last made first.
type Env struct {
	Broker *broker.Broker
	Binder *binder.Binder
	Client *rpcclient.Client

	t testing.TB
}

// New starts an Env for a test. A part that doesn't start fails the test at once.
func New(t testing.TB) *Env {
	t.Helper()
	ctx := testContext(t)
	env := &Env{t: t}
	var err error
	if env.Broker, err = broker.Start(ctx, broker.Config{Logger: quiet()}); err != nil {
		t.Fatalf("heliumtest: the broker doesn't start: %v", err)
	}
	t.Cleanup(env.Broker.Close)
	if env.Binder, err = binder.Start(ctx, env.Conn("binder"), binder.Config{Logger: quiet()}); err != nil {
		t.Fatalf("heliumtest: the binder doesn't start: %v", err)
	}
	t.Cleanup(func() { env.Binder.Close() })
	env.Client = env.NewClient(rpcclient.Config{})
	return env
}

// Conn returns a connection of its own to the broker.
func (env *Env) Conn(name string) *nats.Conn {
	env.t.Helper()
	nc, err := env.Broker.Connect(name)
	if err != nil {
		env.t.Fatalf("heliumtest: connecting %q: %v", name, err)
	}
	env.t.Cleanup(nc.Close)
	return nc
}

// NewClient returns another client, over a connection of its own.
func (env *Env) NewClient(config rpcclient.Config) *rpcclient.Client {
	env.t.Helper()
	c, err := rpcclient.New(env.Conn("client"), config)
	if err != nil {
		env.t.Fatalf("heliumtest: the client: %v", err)
	}
	env.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			env.t.Errorf("heliumtest: closing the client: %v", err)
		}
	})
	return c
}

// Serve serves impl as the service of that name, over a connection of its own, and
// returns the server once it can be called.
//
//	srv := heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
func Serve[S any](env *Env, name string, impl S, options ...rpcserver.Option) *rpcserver.Server {
	env.t.Helper()
	return ServeWith(env, rpcserver.Config{}, name, impl, options...)
}

// ServeWith is Serve with a configuration. Unless it says otherwise, calls that still
// run when the test ends are cut after a moment.
func ServeWith[S any](env *Env, config rpcserver.Config, name string, impl S, options ...rpcserver.Option) *rpcserver.Server {
	env.t.Helper()
	if config.DrainTimeout == 0 {
		config.DrainTimeout = time.Second
	}
	if config.Logger == nil {
		config.Logger = quiet()
	}
	srv := rpcserver.New(env.Conn(name+"-server"), config)
	if err := rpcserver.Register(srv, name, impl, options...); err != nil {
		env.t.Fatalf("heliumtest: %v", err)
	}
	if err := srv.Start(testContext(env.t)); err != nil {
		env.t.Fatalf("heliumtest: the server of %q doesn't start: %v", name, err)
	}
	env.t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			env.t.Logf("heliumtest: shutting %q down: %v", name, err)
		}
	})
	return srv
}

// testContext bounds what is done before or after the test itself.
func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// quiet logs warnings and worse only.
func quiet() *slog.Logger { return slog.New(warnings{slog.Default().Handler()}) }

type warnings struct{ slog.Handler }

func (warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
