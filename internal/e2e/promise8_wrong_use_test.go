package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// clumsy has methods that can't be served, and one that can.
type clumsy struct{}

func (clumsy) Good(context.Context, int) (string, error) { return "", nil }
func (clumsy) TwoResults() (int, int)                    { return 0, 0 }
func (clumsy) TakesAChannel(chan int)                    {}
func (clumsy) TakesAFunction(func())                     {}

//lint:ignore ST1008 it is wrong on purpose
func (clumsy) ErrorFirst() (error, int)         { return nil, 0 }
func (clumsy) LateContext(int, context.Context) {}

// byPointer has its methods on the pointer.
type byPointer struct{}

func (*byPointer) Add(a, b int) int { return a + b }

// mentions fails the test unless an error says all that a reader needs.
func mentions(t *testing.T, what string, err error, wants ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one with %q", what, wants)
		return
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the error is\n%v\nwant %q in it", what, err, want)
		}
	}
}

func TestPromise8WrongUseFailsEarlyAndSaysHowToFixIt(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	nc := n.dial()
	newServer := func(config rpcserver.Config) *rpcserver.Server {
		config.Logger = quiet
		return rpcserver.New(nc, config)
	}
	t.Run("registration lists every method that can't be served, and why", func(t *testing.T) {
		err := rpcserver.Register(newServer(rpcserver.Config{}), "clumsy", clumsy{})
		mentions(t, "Register", err, "clumsy", "TwoResults", "TakesAChannel", "TakesAFunction", "ErrorFirst", "LateContext", "chan int")
		if err != nil && strings.Contains(err.Error(), "Good") {
			t.Errorf("the error is\n%v\nwant nothing of Good, which can be served", err)
		}
	})
	t.Run("registration", func(t *testing.T) {
		mentions(t, "a name that can't be one", rpcserver.Register(newServer(rpcserver.Config{}), "my math", mathsvc.New()), "my math", "[A-Za-z]")
		mentions(t, "methods of the pointer", rpcserver.Register(newServer(rpcserver.Config{}), "math", byPointer{}), "Add", "pass a pointer")
		mentions(t, "nil", rpcserver.Register[mathsvc.Service](newServer(rpcserver.Config{}), "math", nil), "nil", "mathsvc.New()")
		mentions(t, "idempotent, and no such method", rpcserver.Register(newServer(rpcserver.Config{}), "math", mathsvc.New(), rpcserver.Idempotent("Add")), `"Add"`, `"add"`)
		srv := newServer(rpcserver.Config{})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		mentions(t, "twice", rpcserver.Register(srv, "math", mathsvc.New()), "math", "another name")
	})
	t.Run("starting", func(t *testing.T) {
		mentions(t, "nothing to serve", newServer(rpcserver.Config{}).Start(testContext(t)), "rpcserver.Register")
		mentions(t, "a prefix that can't be one", newServer(rpcserver.Config{Prefix: "my.>"}).Start(testContext(t)), "Config.Prefix", "my.>")
		mentions(t, "a negative limit", newServer(rpcserver.Config{MaxInFlight: -1}).Start(testContext(t)), "Config.MaxInFlight", "-1")
		srv := serve(t, n.dial(), rpcserver.Config{}, "started", newWorker("w"))
		mentions(t, "twice", srv.Start(testContext(t)), "twice")
		mentions(t, "registering afterwards", rpcserver.Register(srv, "late", mathsvc.New()), "late", "before Start")
	})

	serve(t, n.dial(), rpcserver.Config{}, "math", mathsvc.New())
	c := n.client(rpcclient.Config{})
	if _, err := rpcclient.Call[float64](testContext(t), c, "math.add", 1, 2); err != nil {
		t.Fatal(err)
	}
	t.Run("a stub that doesn't fit fails when it is bound, with both signatures", func(t *testing.T) {
		var stub struct {
			Add func(ctx context.Context, a string, b float64) (float64, error)
			Sub func(ctx context.Context, a, b, c float64) (float64, error)
			Mul func(ctx context.Context, a, b float64) (float64, error)
			Div func(ctx context.Context, a, b float64) float64
		}
		err := c.Bind("math", &stub)
		mentions(t, "Bind", err, "Add", "add(string, float64) float64", "add(float64, float64) float64",
			"Sub", "sub(float64, float64, float64) float64", "Div", "error last")
		if stub.Mul != nil {
			t.Error("a field of a struct that doesn't fit was filled, want none")
		}
		_, err = rpcclient.Func[func(float64, float64) (string, error)](c, "math.add")
		mentions(t, "Func", err, "add(float64, float64) string", "add(float64, float64) float64")
		mentions(t, "Bind to what isn't a struct", c.Bind("math", stub), "pointer to a struct")
		_, err = rpcclient.Func[func(float64, float64) (float64, error)](c, "math.ad")
		mentions(t, "Func of no method", err, "ad", "math")
	})
	t.Run("what can't fit is never sent", func(t *testing.T) {
		before := c.Stats().FramesSent
		stub := c.Method("math", "add", "add(a string) float64", nil)
		call := stub.Begin(1)
		call.Args.String("1")
		err := call.Do(testContext(t))
		if !errors.Is(err, helium.ErrMismatch) {
			t.Errorf("a generated stub that doesn't fit: %v, want ErrMismatch", err)
		}
		mentions(t, "a generated stub", err, "add(a string) float64", "add(float64, float64) float64")
		for _, args := range [][]any{{}, {1}, {1, 2, 3}} {
			err := c.Call(testContext(t), "math.add", nil, args...)
			if !errors.Is(err, helium.ErrMismatch) {
				t.Errorf("add with %d arguments: %v, want ErrMismatch", len(args), err)
			}
			mentions(t, "the number of arguments", err, "add(float64, float64) float64", fmt.Sprint(len(args)))
		}
		mentions(t, "a name that can't be one", c.Call(testContext(t), "math add", nil), "math add", `"math.add"`)
		if got := c.Stats().FramesSent - before; got != 0 {
			t.Errorf("%d calls were sent, want none", got)
		}
	})
	t.Run("names that nobody has suggest those that are near", func(t *testing.T) {
		mentions(t, "a service", c.Call(testContext(t), "mth.add", nil, 1, 2), "mth", "math")
		mentions(t, "a method", c.Call(testContext(t), "math.ad", nil, 1, 2), "ad", "add")
		mentions(t, "a bare method", c.Call(testContext(t), "adds", nil, 1, 2), "adds", "add")
		serve(t, n.dial(), rpcserver.Config{}, "geometry", mathsvc.New())
		eventually(t, "a bare name that is ambiguous", func() error {
			err := c.Call(testContext(t), "add", nil, 1, 2)
			if !errors.Is(err, helium.ErrAmbiguousMethod) || !strings.Contains(err.Error(), "geometry") || !strings.Contains(err.Error(), "math") {
				return fmt.Errorf("error %w, want ErrAmbiguous with both services", err)
			}
			return nil
		})
	})
	t.Run("configurations that can't work", func(t *testing.T) {
		_, err := rpcclient.New(nc, rpcclient.Config{Timeout: -1})
		mentions(t, "a client's timeout", err, "Config.Timeout")
		_, err = binder.Start(testContext(t), nc, binder.Config{Lease: 1})
		mentions(t, "a lease of a nanosecond", err, "Config.Lease", "1s")
		_, err = binder.Start(testContext(t), nil, binder.Config{})
		mentions(t, "a binder without a connection", err, "bus.Connect")
		_, err = broker.Start(testContext(t), broker.Config{Listen: "0.0.0.0:0", Logger: quiet})
		mentions(t, "a broker open to the world", err, "TLS", "Users")
	})
}
