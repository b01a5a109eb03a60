package benchsvc

import (
	"context"

	"github.com/helium-rpc/helium/rpcserver"
)

// Register serves impl under that name, in the shape that a generator writes: a
// handler a method, and neither reflection nor any on the way of a call.
func Register(srv *rpcserver.Server, name string, impl Service) error {
	return srv.Handle(rpcserver.Service{
		Name:  name,
		Types: types(),
		Methods: []rpcserver.Method{
			{Name: "add", Signature: addSignature, Handler: addHandler(impl)},
			{Name: "echo", Signature: echoSignature, Handler: echoHandler(impl)},
			{Name: "echoOrder", Signature: echoOrderSignature, Handler: echoOrderHandler(impl)},
		},
	})
}

func addHandler(impl Service) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		a, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(0, err)
		}
		b, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(1, err)
		}
		result, err := impl.Add(ctx, a, b)
		if err != nil {
			return err
		}
		call.Result.Float64(result)
		return nil
	}
}

func echoHandler(impl Service) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		data, err := call.Args.Bytes()
		if err != nil {
			return call.BadArgument(0, err)
		}
		result, err := impl.Echo(ctx, data)
		if err != nil {
			return err
		}
		call.Result.Binary(result)
		return nil
	}
}

func echoOrderHandler(impl Service) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		var order Order
		if err := readOrder(&call.Args, &order); err != nil {
			return call.BadArgument(0, err)
		}
		result, err := impl.EchoOrder(ctx, order)
		if err != nil {
			return err
		}
		writeOrder(&call.Result, &result)
		return nil
	}
}
