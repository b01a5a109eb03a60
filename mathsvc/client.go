package mathsvc

import (
	"context"

	"github.com/helium-rpc/helium/rpcclient"
)

// client is a stub in the shape that a generator writes: one field a method, and
// neither reflection nor any on the way of a call.
type client struct {
	add, sub, mul, div *rpcclient.Method
}

// NewClient returns the service "math" on the bus as a Service.
func NewClient(c *rpcclient.Client) Service {
	return &client{
		add: c.Method("math", "add", "add(a float64, b float64) float64", nil),
		sub: c.Method("math", "sub", "sub(a float64, b float64) float64", nil),
		mul: c.Method("math", "mul", "mul(a float64, b float64) float64", nil),
		div: c.Method("math", "div", "div(a float64, b float64) float64", nil),
	}
}

func (c *client) Add(ctx context.Context, a, b float64) (float64, error) {
	return callBinary(ctx, c.add, a, b)
}

func (c *client) Sub(ctx context.Context, a, b float64) (float64, error) {
	return callBinary(ctx, c.sub, a, b)
}

func (c *client) Mul(ctx context.Context, a, b float64) (float64, error) {
	return callBinary(ctx, c.mul, a, b)
}

func (c *client) Div(ctx context.Context, a, b float64) (float64, error) {
	return callBinary(ctx, c.div, a, b)
}

// callBinary calls a method of the shape (float64, float64) float64.
func callBinary(ctx context.Context, method *rpcclient.Method, a, b float64) (float64, error) {
	call := method.Begin(2)
	call.Args.Float64(a)
	call.Args.Float64(b)
	if err := call.Do(ctx); err != nil {
		return 0, err
	}
	result, err := call.Result.Float64()
	return result, call.End(err)
}
