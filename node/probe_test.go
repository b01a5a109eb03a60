package node_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcserver"
)

// probe is a service with the names of its parameters, and methods that tell what became
// of calls that ended early.
type probe struct{ began, deadline, canceled, noted atomic.Int64 }

func (d *probe) service() rpcserver.Service {
	return rpcserver.Service{
		Name:  "probe",
		Types: map[string]string{"Ended": "{began int64, deadline int64, canceled int64, noted int64}"},
		Methods: []rpcserver.Method{
			{Name: "sub", Signature: "sub(a float64, b float64) float64", Handler: d.sub},
			{Name: "next", Signature: "next(n int64) int64", Handler: d.next},
			{Name: "wait", Signature: "wait()", Handler: d.wait},
			{Name: "ended", Signature: "ended() Ended", Handler: d.ended},
			{Name: "tenant", Signature: "tenant() string", Handler: d.tenant},
			{Name: "note", Signature: "note(text string)", Handler: d.note},
		},
	}
}

func (d *probe) sub(_ context.Context, call *rpcserver.Call) error {
	a, err := call.Args.Float64()
	if err != nil {
		return call.BadArgument(0, err)
	}
	b, err := call.Args.Float64()
	if err != nil {
		return call.BadArgument(1, err)
	}
	call.Result.Float64(a - b)
	return nil
}

func (d *probe) next(_ context.Context, call *rpcserver.Call) error {
	n, err := call.Args.Int(64)
	if err != nil {
		return call.BadArgument(0, err)
	}
	call.Result.Int(n + 1)
	return nil
}

// wait waits for the end of its context.
func (d *probe) wait(ctx context.Context, _ *rpcserver.Call) error {
	d.began.Add(1)
	<-ctx.Done()
	if errors.Is(ctx.Err(), context.Canceled) {
		d.canceled.Add(1)
	} else {
		d.deadline.Add(1)
	}
	return ctx.Err()
}

// ended returns how many calls of wait began, and how many ended by what.
func (d *probe) ended(_ context.Context, call *rpcserver.Call) error {
	call.Result.Value(map[string]int64{
		"began": d.began.Load(), "deadline": d.deadline.Load(), "canceled": d.canceled.Load(), "noted": d.noted.Load(),
	})
	return nil
}

func (d *probe) tenant(ctx context.Context, call *rpcserver.Call) error {
	call.Result.String(helium.MetadataFrom(ctx)["tenant"])
	return nil
}

func (d *probe) note(context.Context, *rpcserver.Call) error {
	d.noted.Add(1)
	return nil
}

// calculator is the service math with one method whose parameters have names.
func calculator() rpcserver.Service {
	return rpcserver.Service{Name: "math", Methods: []rpcserver.Method{{
		Name: "add", Signature: "add(a float64, b float64) float64",
		Handler: func(_ context.Context, call *rpcserver.Call) error {
			a, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(0, err)
			}
			b, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(1, err)
			}
			call.Result.Float64(a + b)
			return nil
		},
	}}}
}
