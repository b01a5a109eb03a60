package curves

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/helium-rpc/helium/bench/measure"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// adder is a service with so many methods, each of which adds two floats.
func adder(name string, methods int, before func(ctx context.Context)) rpcserver.Service {
	s := rpcserver.Service{Name: name}
	for i := range methods {
		method := methodName(i)
		s.Methods = append(s.Methods, rpcserver.Method{
			Name: method, Signature: addSignature(method), Handler: addHandler(before),
		})
	}
	return s
}

func methodName(i int) string           { return fmt.Sprintf("add%d", i) }
func serviceName(i int) string          { return fmt.Sprintf("svc%d", i) }
func addSignature(method string) string { return method + "(a float64, b float64) float64" }

// addHandler adds, in the shape that a generator writes. Before may be nil.
func addHandler(before func(ctx context.Context)) rpcserver.Handler {
	return func(ctx context.Context, call *rpcserver.Call) error {
		a, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(0, err)
		}
		b, err := call.Args.Float64()
		if err != nil {
			return call.BadArgument(1, err)
		}
		if before != nil {
			before(ctx)
		}
		call.Result.Float64(a + b)
		return nil
	}
}

// adding returns a stub for one of an adder's methods, in the shape that a generator
// writes.
func adding(c *rpcclient.Client, service string, method int) func(ctx context.Context) error {
	name := methodName(method)
	m := c.Method(service, name, addSignature(name), nil)
	return func(ctx context.Context) error {
		call := m.Begin(2)
		call.Args.Float64(1)
		call.Args.Float64(2)
		if err := call.Do(ctx); err != nil {
			return err
		}
		sum, err := call.Result.Float64()
		if err = call.End(err); err == nil && sum != 3 {
			err = fmt.Errorf("1 + 2 = %v", sum)
		}
		return err
	}
}

// anyOf returns a call of one of the stubs, at random each time.
func anyOf(stubs []func(ctx context.Context) error) func() error {
	ctx := context.Background()
	return func() error { return stubs[rand.IntN(len(stubs))](ctx) }
}

// load is what keeping calls in flight found.
type load struct {
	measure.Sample
	perMessage float64 // calls, of the clients that were given
}

// keep keeps calls in flight, first for a warm-up, and refuses failures.
func keep(s size, inFlight int, call func() error, clients ...*rpcclient.Client) (l load, err error) {
	if warm := measure.Closed(call, inFlight, s.window()/4); warm.Failed > 0 {
		return l, failed(warm)
	}
	frames, messages := sent(clients)
	l.Sample = measure.Closed(call, inFlight, s.window())
	if l.Failed > 0 {
		return l, failed(l.Sample)
	}
	nowFrames, nowMessages := sent(clients)
	if nowMessages > messages {
		l.perMessage = float64(nowFrames-frames) / float64(nowMessages-messages)
	}
	return l, nil
}

func failed(s measure.Sample) error {
	return errors.Join(fmt.Errorf("%d of %d calls failed", s.Failed, s.Calls), errors.New(s.Error))
}

func sent(clients []*rpcclient.Client) (frames, messages uint64) {
	for _, c := range clients {
		stats := c.Stats()
		frames += stats.FramesSent
		messages += stats.MessagesSent
	}
	return frames, messages
}
