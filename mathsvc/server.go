package mathsvc

import (
	"context"

	"github.com/helium-rpc/helium/rpcserver"
)

// Register serves impl as the service of that name. It does what rpcserver.Register
// does, in the shape that a generator writes: without reflection, and with the names of
// the parameters, which a Go value doesn't tell.
func Register(srv *rpcserver.Server, name string, impl Service) error {
	return srv.Handle(rpcserver.Service{
		Name: name,
		Methods: []rpcserver.Method{
			{Name: "add", Signature: "add(a float64, b float64) float64", Doc: "Add returns a + b.", Handler: serveBinary(impl.Add)},
			{Name: "sub", Signature: "sub(a float64, b float64) float64", Doc: "Sub returns a - b.", Handler: serveBinary(impl.Sub)},
			{Name: "mul", Signature: "mul(a float64, b float64) float64", Doc: "Mul returns a * b.", Handler: serveBinary(impl.Mul)},
			{Name: "div", Signature: "div(a float64, b float64) float64", Doc: "Div returns a / b, and ErrDivisionByZero if b is 0.", Handler: serveBinary(impl.Div)},
		},
	})
}

// serveBinary serves a method of the shape (float64, float64) float64.
func serveBinary(method func(ctx context.Context, a, b float64) (float64, error)) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		a, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(0, err)
		}
		b, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(1, err)
		}
		result, err := method(ctx, a, b)
		if err != nil {
			return err
		}
		call.Result.Float64(result)
		return nil
	}
}
