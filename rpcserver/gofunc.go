package rpcserver

import (
	"context"
	"reflect"
	"sync"

	"github.com/helium-rpc/helium/internal/typedfunc"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// handlerOf returns what calls a method of a Go value, of any shape that a signature can have.
func handlerOf(impl reflect.Value, name string) Handler {
	if run, ok := typedfunc.HandlerOf(impl.MethodByName(name)); ok {
		return func(ctx context.Context, c *Call) error {
			err := run(ctx, &c.Args, &c.Result)
			if bad, ok := err.(*typedfunc.ArgumentError); ok {
				return c.BadArgument(bad.Position, bad.Err)
			}
			return err
		}
	}
	method, _ := impl.Type().MethodByName(name)
	return reflectHandler(method.Func, impl)
}

// reflectHandler calls a function whose first argument is always the same, a method's receiver:
// that is quicker than to call the method of a value.
func reflectHandler(fn, receiver reflect.Value) Handler {
	t := fn.Type()
	first := 1
	if t.NumIn() > 1 && t.In(1) == contextType {
		first = 2
	}
	hasResult := t.NumOut() > 0 && t.Out(0) != errorType
	streamIn, streamOut := takesStream(t), returnsStream(t)
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	pool := sync.Pool{New: func() any { return newArguments(t, receiver) }}
	return func(ctx context.Context, c *Call) error {
		args := pool.Get().(*arguments)
		args.ctx = ctx
		for i := first; i < len(args.values); i++ {
			if streamIn && i == len(args.values)-1 {
				args.values[i].Set(reflectItems(c, t.In(i)))
				break
			}
			var err error
			if t.IsVariadic() && i == len(args.values)-1 {
				err = c.readVariadic(i-first, args.values[i])
			} else {
				err = c.Args.Value(args.pointers[i])
			}
			if err != nil {
				return c.BadArgument(i-first, err)
			}
		}
		out := call(args.values)
		args.clear()
		pool.Put(args)
		if streamOut {
			return reflectYield(c, out[0])
		}
		if hasError {
			if err, _ := out[len(out)-1].Interface().(error); err != nil {
				return err
			}
		}
		if hasResult {
			c.Result.ReflectValue(out[0])
		}
		return nil
	}
}

// arguments are a function's arguments. The function gets copies, so they are used for
// call after call.
type arguments struct {
	ctx      context.Context // the one behind the receiver, if the function takes one
	values   []reflect.Value // the receiver first
	pointers []any           // to the values behind that
}

func newArguments(t reflect.Type, receiver reflect.Value) *arguments {
	args := &arguments{values: make([]reflect.Value, t.NumIn()), pointers: make([]any, t.NumIn())}
	args.values[0] = receiver
	for i := 1; i < len(args.values); i++ {
		pointer := reflect.New(t.In(i))
		if i == 1 && t.In(i) == contextType {
			pointer = reflect.ValueOf(&args.ctx)
		}
		args.values[i], args.pointers[i] = pointer.Elem(), pointer.Interface()
	}
	return args
}

// clear forgets the values: a struct's fields that the next call doesn't name are zero.
func (args *arguments) clear() {
	for _, v := range args.values[1:] {
		v.SetZero()
	}
}
