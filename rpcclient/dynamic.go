package rpcclient

import (
	"context"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// Call calls a method by name and stores its result in what result points to; nil
// discards it.
//
//	var sum float64
//	err := c.Call(ctx, "math.add", &sum, 2, 3)
//
// "add" alone works while only one service has such a method. Numbers of any width fit
// each other; one out of range is an error. Every error is a *helium.Error.
func (c *Client) Call(ctx context.Context, method string, result any, args ...any) error {
	m, err := c.resolveMethod(ctx, method)
	if err != nil {
		return err
	}
	call := m.begin(args)
	if err := call.Do(ctx); err != nil {
		return err
	}
	if result == nil {
		return call.End(nil)
	}
	return call.End(call.Result.Value(result))
}

// Call calls a method by name and returns its result.
//
//	sum, err := rpcclient.Call[float64](ctx, c, "math.add", 2, 3)
func Call[T any](ctx context.Context, c *Client, method string, args ...any) (result T, err error) {
	err = c.Call(ctx, method, &result, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	return result, nil
}

// Notify calls a method by name and doesn't wait: nobody answers. The error is nil once
// the call is handed to the connection; whether a handler runs isn't known, and a call
// that finds no instance, or one that is too busy, is lost. See [Client.Close].
func (c *Client) Notify(ctx context.Context, method string, args ...any) error {
	m, err := c.resolveMethod(ctx, method)
	if err != nil {
		return err
	}
	call := m.begin(args)
	call.oneWay = true
	if err := call.Do(ctx); err != nil {
		return err
	}
	return call.End(nil)
}

// begin begins a call with any arguments.
func (m *Method) begin(args []any) *Invocation {
	call := m.Begin(len(args))
	for _, arg := range args {
		call.Args.Value(arg)
	}
	return call
}

// resolveMethod returns the method that a name stands for.
func (c *Client) resolveMethod(ctx context.Context, name string) (*Method, error) {
	service, method, err := c.resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	return c.dynamicMethod(service, method), nil
}

// dynamicMethod returns a method without a signature, the same one each time.
func (c *Client) dynamicMethod(service, name string) *Method {
	key := methodKey{c.instance, service, name}
	c.mu.Lock()
	m := c.dynamic[key]
	c.mu.Unlock()
	if m != nil {
		return m
	}
	m = c.method(service, name)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dynamic[key] = m
	return m
}

type methodKey struct{ instance, service, method string }

// splitName cuts "math.add" in two; of a bare name the service is "".
func splitName(name string) (service, method string, err error) {
	service, method, both := strings.Cut(name, ".")
	if !both {
		service, method = "", service
	}
	if both {
		err = wire.CheckName("service", service)
	}
	if err == nil {
		err = wire.CheckName("method", method)
	}
	if err != nil {
		return "", "", ErrBadName.WithMessage("%.100q can't be called: %w; call a method as \"math.add\"", name, err).WithOutcome(helium.NotExecuted)
	}
	return service, method, nil
}
