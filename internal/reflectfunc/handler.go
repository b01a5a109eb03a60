package reflectfunc

import (
	"context"
	"reflect"
	"sync"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/typedfunc"
)

// HandlerOf returns what runs a function whose first argument is always the same, a method's receiver:
// that is quicker than to call the method of a value.
func HandlerOf(fn, receiver reflect.Value) Handler {
	t := fn.Type()
	first := 1
	if t.NumIn() > 1 && t.In(1) == contextType {
		first = 2
	}
	hasResult := t.NumOut() > 0 && t.Out(0) != errorType
	streamIn, streamOut := TakesStream(t), ReturnsStream(t)
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	pool := sync.Pool{New: func() any { return newArguments(t, receiver) }}
	return func(ctx context.Context, c Incoming) error {
		args := pool.Get().(*arguments)
		args.ctx = ctx
		for i := first; i < len(args.values); i++ {
			if streamIn && i == len(args.values)-1 {
				args.values[i].Set(iteratorOf(t.In(i), c.Items.Received(reader(t.In(i)))))
				break
			}
			var err error
			if t.IsVariadic() && i == len(args.values)-1 {
				err = c.Variadic(i-first, args.values[i])
			} else {
				err = c.Args.Value(args.pointers[i])
			}
			if err != nil {
				return &typedfunc.ArgumentError{Position: i - first, Err: err}
			}
		}
		out := call(args.values)
		args.clear()
		pool.Put(args)
		if streamOut {
			return c.Items.Send(Values(out[0]), (*codec.Writer).ReflectValue)
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
