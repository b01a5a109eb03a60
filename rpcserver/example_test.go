package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Greeter is what callers may call.
type Greeter interface {
	Greet(ctx context.Context, name string) (string, error)
	Sleep(ctx context.Context) error
}

// ErrNoName is recognised by errors.Is on both sides of the wire.
var ErrNoName = helium.NewError(helium.CodeInvalidArgument, "greeter.no_name", "say your name")

type greeter struct{}

func (greeter) Greet(_ context.Context, name string) (string, error) {
	if name == "" {
		return "", ErrNoName
	}
	return "hello, " + name, nil
}

func (greeter) Sleep(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// startBus starts a broker and a binder in this process and connects to it. Where NATS runs
// already, bus.Connect is all it takes.
func startBus(ctx context.Context) (nc *nats.Conn, stop func()) {
	logger := slog.New(slog.DiscardHandler)
	b, err := broker.Start(ctx, broker.Config{Logger: logger})
	if err != nil {
		panic(err)
	}
	if nc, err = b.Connect("example"); err != nil {
		panic(err)
	}
	reg, err := binder.Start(ctx, nc, binder.Config{Logger: logger})
	if err != nil {
		panic(err)
	}
	return nc, func() { reg.Close(); b.Close() }
}

func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, stop := startBus(ctx)
	defer stop()

	srv := rpcserver.New(nc, rpcserver.Config{Version: "1.2.0", Logger: slog.New(slog.DiscardHandler)})
	if err := rpcserver.Register[Greeter](srv, "greeter", greeter{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := srv.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Shutdown(ctx)

	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	text, err := rpcclient.Call[string](ctx, c, "greeter.greet", "gopher")
	fmt.Println(text, err)

	_, err = rpcclient.Call[string](ctx, c, "greeter.greet", "")
	fmt.Println(err)
	fmt.Println(errors.Is(err, ErrNoName), helium.OutcomeOf(err))

	brief, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	err = c.Call(brief, "greeter.sleep", nil)
	fmt.Println(errors.Is(err, context.DeadlineExceeded))

	// Any NATS client can call, too.
	msg, err := nc.RequestWithContext(ctx, "helium.call.greeter.greet", []byte(`["nats"]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(msg.Data))
	// Output:
	// hello, gopher <nil>
	// greeter.greet: say your name (invalid_argument)
	// true executed
	// true
	// "hello, nats"
}

// A server that listens is called directly once the client has a link, and by the bus until then.
func ExampleConfig_listen() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, stop := startBus(ctx)
	defer stop()

	srv := rpcserver.New(nc, rpcserver.Config{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err := rpcserver.Register[Greeter](srv, "greeter", greeter{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := srv.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Shutdown(ctx)

	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for srv.Stats().DirectCalls == 0 {
		if err := c.Call(ctx, "greeter.greet", nil, "gopher"); err != nil {
			fmt.Println(err)
			return
		}
	}
	for _, l := range c.DirectLinks() {
		fmt.Println(l.Stage, l.Services)
	}
	// Output: linked [greeter]
}

func ExampleRegister_faults() {
	srv := rpcserver.New(nil, rpcserver.Config{})
	fmt.Println(rpcserver.Register(srv, "clock", badClock{}, rpcserver.Idempotent("Now")))
	// Output:
	// rpcserver: service "clock" can't be served:
	// 	Idempotent("Now"): the service has no such method; names are those on the wire, such as "add"
	// 	two methods are called "utc" on the wire; rename one
}

type badClock struct{}

func (badClock) Now() time.Time { return time.Now() }
func (badClock) UTC() time.Time { return time.Now().UTC() }
func (badClock) Utc() time.Time { return time.Now().UTC() }

func ExampleInterceptor() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, stop := startBus(ctx)
	defer stop()

	onlyTenants := func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			if helium.MetadataFrom(ctx)["tenant"] == "" {
				return helium.Errorf(helium.CodeUnauthenticated, "%s is for tenants", call.Method())
			}
			return next(ctx, call)
		}
	}
	srv := rpcserver.New(nc, rpcserver.Config{
		Interceptors: []rpcserver.Interceptor{onlyTenants},
		Logger:       slog.New(slog.DiscardHandler),
	})
	if err := rpcserver.Register[Greeter](srv, "greeter", greeter{}); err != nil {
		fmt.Println(err)
		return
	}
	if err := srv.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Shutdown(ctx)

	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	err = c.Call(ctx, "greeter.greet", nil, "gopher")
	fmt.Println(err)
	fmt.Println(helium.OutcomeOf(err))
	ctx = helium.WithMetadata(ctx, helium.Metadata{"tenant": "blue"})
	fmt.Println(rpcclient.Call[string](ctx, c, "greeter.greet", "gopher"))
	// Output:
	// greeter.greet: greet is for tenants (unauthenticated)
	// not executed
	// hello, gopher <nil>
}

// A generator writes handlers like this one: no reflection, and the parameters have
// names, so that plain requests may name them.
func ExampleServer_Handle() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	nc, stop := startBus(ctx)
	defer stop()

	srv := rpcserver.New(nc, rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	err := srv.Handle(rpcserver.Service{
		Name: "math",
		Methods: []rpcserver.Method{{
			Name:      "double",
			Signature: "double(x int64) int64",
			Handler: func(_ context.Context, call *rpcserver.Call) error {
				x, err := call.Args.Int(64)
				if err != nil {
					return call.BadArgument(0, err)
				}
				call.Result.Int(2 * x)
				return nil
			},
		}},
	})
	if err == nil {
		err = srv.Start(ctx)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Shutdown(ctx)

	for _, request := range []string{`{"x": 21}`, `["x"]`} {
		msg, err := nc.RequestWithContext(ctx, "helium.call.math.double", []byte(request))
		if err != nil {
			fmt.Println(err)
			return
		}
		if code := msg.Header.Get("Nats-Service-Error-Code"); code != "" {
			fmt.Println("error", code)
		} else {
			fmt.Println(string(msg.Data))
		}
	}
	// Output:
	// 42
	// error 400
}
