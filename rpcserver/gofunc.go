package rpcserver

import (
	"context"
	"fmt"
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/reflectfunc"
	"github.com/helium-rpc/helium/internal/typedfunc"
)

// handlerOf returns what calls a method of a Go value, of any shape that a signature can have.
func handlerOf(impl reflect.Value, name string) Handler {
	if run, ok := typedfunc.MethodOf(impl, name); ok {
		return func(ctx context.Context, c *Call) error { return c.argumentFault(run(ctx, &c.Args, &c.Result)) }
	}
	method, _ := impl.Type().MethodByName(name)
	run := reflectfunc.HandlerOf(method.Func, impl)
	return func(ctx context.Context, c *Call) error { return c.argumentFault(run(ctx, c.forReflection())) }
}

// argumentFault returns what a function's handler returned as the caller's error.
func (c *Call) argumentFault(err error) error {
	if bad, ok := err.(*typedfunc.ArgumentError); ok {
		return c.BadArgument(bad.Position, bad.Err)
	}
	return err
}

// forReflection returns the call as a handler by reflection needs it.
func (c *Call) forReflection() reflectfunc.Incoming {
	return reflectfunc.Incoming{Args: &c.Args, Data: c.args, Count: c.NumArgs, Result: &c.Result, Items: callItems{c}}
}

// callItems are the items of a call's streams, for reflection.
type callItems struct{ *Call }

func (c callItems) Received(read func(*codec.Reader) (reflect.Value, error)) iter.Seq2[reflect.Value, error] {
	return Items(c.Call, read)
}

func (c callItems) Send(items iter.Seq2[reflect.Value, error], write func(*codec.Writer, reflect.Value)) error {
	return Yield(c.Call, items, write)
}

// VariadicValue reads the values of a variadic parameter, from that position on, into the
// slice that slice points to, by reflection; with no values the slice stays as it is. It
// is what generated code uses where values may be large in memory: all of them together
// may take as much as one list. The position counts from 0.
func (c *Call) VariadicValue(position int, slice any) error {
	v := reflect.ValueOf(slice)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Slice {
		return fmt.Errorf("VariadicValue can't read into a %T; hint: pass a pointer to a slice", slice)
	}
	in := c.forReflection()
	return in.Variadic(position, v.Elem())
}
