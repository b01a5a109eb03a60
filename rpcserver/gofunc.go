package rpcserver

import (
	"context"
	"reflect"
	"sync"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// reflectHandler calls a Go function of any shape that a signature can have.
func reflectHandler(fn reflect.Value) Handler {
	t := fn.Type()
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		first = 1
	}
	hasResult := t.NumOut() > 0 && t.Out(0) != errorType
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	pool := sync.Pool{New: func() any { return newArguments(t) }}
	return func(ctx context.Context, c *Call) error {
		args := pool.Get().(*arguments)
		args.ctx = ctx
		for i := first; i < len(args.values); i++ {
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
	ctx      context.Context // the first of them, if the function takes one
	values   []reflect.Value
	pointers []any // to the values
}

func newArguments(t reflect.Type) *arguments {
	args := &arguments{values: make([]reflect.Value, t.NumIn()), pointers: make([]any, t.NumIn())}
	for i := range args.values {
		pointer := reflect.New(t.In(i))
		if i == 0 && t.In(i) == contextType {
			pointer = reflect.ValueOf(&args.ctx)
		}
		args.values[i], args.pointers[i] = pointer.Elem(), pointer.Interface()
	}
	return args
}

// clear forgets the values: a struct's fields that the next call doesn't name are zero.
func (args *arguments) clear() {
	for _, v := range args.values {
		v.SetZero()
	}
}
