package rpcserver_test

import (
	"context"

	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// subHandler is a handler in the shape that a generator writes.
func subHandler(math mathsvc.Service) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		a, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(0, err)
		}
		b, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(1, err)
		}
		result, err := math.Sub(ctx, a, b)
		if err != nil {
			return err
		}
		call.Result.Float64(result)
		return nil
	}
}
