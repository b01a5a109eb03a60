package mathsvc_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func Example() {
	// Broker, binder, server and client in one process; each could have its own.
	ctx := context.Background()
	b, err := broker.Start(ctx, broker.Config{})
	if err != nil {
		panic(err)
	}
	defer b.Close()
	nc, err := b.Connect("example")
	if err != nil {
		panic(err)
	}
	registry, err := binder.Start(ctx, nc, binder.Config{})
	if err != nil {
		panic(err)
	}
	defer registry.Close()

	srv := rpcserver.New(nc, rpcserver.Config{})
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		panic(err)
	}
	if err := srv.Start(ctx); err != nil {
		panic(err)
	}
	defer srv.Shutdown(ctx)

	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		panic(err)
	}
	defer c.Close()
	math := mathsvc.NewClient(c)

	fmt.Println(math.Add(ctx, 2, 3))

	_, err = math.Div(ctx, 1, 0)
	fmt.Println(err)
	fmt.Println(errors.Is(err, mathsvc.ErrDivisionByZero), helium.OutcomeOf(err))
	// Output:
	// 5 <nil>
	// math.div: division by zero (invalid_argument)
	// true executed
}
