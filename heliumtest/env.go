package heliumtest

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

// startTimeout bounds each step of a start, which a healthy machine takes milliseconds for.
const startTimeout = time.Minute

// Env is a whole Helium in the test's own process: a broker that nobody else can reach,
// a binder, and a client. All of it, and what is made with it, is closed when the test
// ends, last made first.
type Env struct {
	Broker *broker.Broker
	Binder *binder.Binder
	Client *rpcclient.Client

	t   testing.TB
	log *slog.Logger // of the broker and its connections
}

// Config says how the parts of an Env differ from their defaults. Its zero value works.
// A Logger that isn't set gets warnings and worse only.
type Config struct {
	// Broker may have Users, for tests of permissions.
	Broker broker.Config
	// Binder keeps the registry in memory, whatever its Memory says.
	Binder binder.Config
	// Client is the configuration of Env.Client.
	Client rpcclient.Config
}

// New starts an Env for a test. A part that doesn't start fails the test at once.
func New(t testing.TB) *Env {
	t.Helper()
	return NewWith(t, Config{})
}

// NewWith is New with a configuration.
func NewWith(t testing.TB, config Config) *Env {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	config.Broker.Logger = orQuiet(config.Broker.Logger)
	env := &Env{t: t, log: config.Broker.Logger}
	var err error
	if env.Broker, err = broker.Start(ctx, config.Broker); err != nil {
		t.Fatalf("heliumtest: the broker doesn't start: %v", err)
	}
	t.Cleanup(env.Broker.Close)
	config.Binder.Logger = orQuiet(config.Binder.Logger)
	config.Binder.Memory = true // it ends with the test
	if env.Binder, err = binder.Start(ctx, env.Conn("binder"), config.Binder); err != nil {
		t.Fatalf("heliumtest: the binder doesn't start: %v", err)
	}
	t.Cleanup(env.Binder.Close)
	env.Client = env.NewClient(config.Client)
	return env
}

// Conn returns a connection of its own to the broker.
func (env *Env) Conn(name string) *nats.Conn {
	env.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	// On a busy machine a handshake may take longer than it has; then it is made again.
	nc, err := env.Broker.ConnectWith(ctx, bus.Config{Name: name, Wait: true, Logger: env.log})
	if err != nil {
		env.t.Fatalf("heliumtest: connecting %q: %v", name, err)
	}
	env.t.Cleanup(nc.Close)
	return nc
}

// NewClient returns another client, over a connection of its own.
func (env *Env) NewClient(config rpcclient.Config) *rpcclient.Client {
	env.t.Helper()
	return env.NewClientOn(env.Conn("client"), config)
}

// NewClientOn returns another client over a connection that the test has made.
func (env *Env) NewClientOn(nc *nats.Conn, config rpcclient.Config) *rpcclient.Client {
	env.t.Helper()
	config.Logger = orQuiet(config.Logger)
	c, err := rpcclient.New(nc, config)
	if err != nil {
		env.t.Fatalf("heliumtest: the client: %v", err)
	}
	env.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			env.t.Logf("heliumtest: closing the client: %v", err) // the test is over
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
	config.Logger = orQuiet(config.Logger)
	srv := rpcserver.New(env.Conn(name+"-server"), config)
	if err := rpcserver.Register(srv, name, impl, options...); err != nil {
		env.t.Fatalf("heliumtest: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := srv.Start(ctx); err != nil {
		env.t.Fatalf("heliumtest: the server of %q doesn't start: %v", name, err)
	}
	env.t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			env.t.Logf("heliumtest: shutting %q down: %v", name, err)
		}
	})
	return srv
}

// orQuiet returns the logger, or where there is none one for warnings and worse.
func orQuiet(logger *slog.Logger) *slog.Logger {
	if logger != nil {
		return logger
	}
	return slog.New(warnings{slog.Default().Handler()})
}

// warnings passes on warnings and worse.
type warnings struct{ to slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.to.Enabled(ctx, level)
}

func (w warnings) Handle(ctx context.Context, r slog.Record) error { return w.to.Handle(ctx, r) }
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler        { return warnings{w.to.WithAttrs(attrs)} }
func (w warnings) WithGroup(name string) slog.Handler              { return warnings{w.to.WithGroup(name)} }
