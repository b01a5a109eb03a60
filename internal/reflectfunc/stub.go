package reflectfunc

import (
	"context"
	"iter"
	"reflect"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/typedfunc"
)

// Outgoing is a call that a stub makes.
type Outgoing interface {
	typedfunc.Call
	// Add adds an argument.
	Add(arg reflect.Value)
	// Send has the call send what an iterator gives, before any argument is added.
	Send(items reflect.Value)
}

// Yielded returns the items of calls that begin begins: for each range another one.
type Yielded[C any] func(ctx context.Context, begin func() C, read func(*codec.Reader) (reflect.Value, error)) iter.Seq2[reflect.Value, error]

// StubOf returns a function of type t, whose calls are begun by begin, each with so many arguments. If it
// returns a stream, its items are those that are yielded.
func StubOf[C Outgoing](t reflect.Type, begin func(args int) C, yielded Yielded[C]) reflect.Value {
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		first = 1
	}
	var resultType reflect.Type
	if t.NumOut() == 2 {
		resultType = t.Out(0)
	}
	noError := reflect.Zero(errorType)

	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		ctx := context.Background()
		if first == 1 {
			if given, _ := in[0].Interface().(context.Context); given != nil {
				ctx = given
			}
			in = in[1:]
		}
		if ReturnsStream(t) {
			items := yielded(ctx, func() C { return withArguments(t, in, begin) }, reader(t.Out(0)))
			return []reflect.Value{iteratorOf(t.Out(0), items)}
		}
		call := withArguments(t, in, begin)
		err := call.Do(ctx)
		failed := err != nil
		var result reflect.Value
		if resultType != nil {
			pointer := reflect.New(resultType)
			result = pointer.Elem()
			if !failed {
				err = call.Returned().Value(pointer.Interface())
			}
		}
		if !failed {
			if err = call.End(err); err != nil && resultType != nil {
				result.SetZero()
			}
		}
		errValue := noError
		if err != nil {
			errValue = errorValue(err)
		}
		if resultType == nil {
			return []reflect.Value{errValue}
		}
		return []reflect.Value{result, errValue}
	})
}

// withArguments begins a call with a function's arguments. Those of a variadic
// parameter follow one another, as if each had a parameter of its own, and a stream is sent behind
// them.
func withArguments[C Outgoing](t reflect.Type, in []reflect.Value, begin func(args int) C) C {
	var rest, items reflect.Value
	n, variadic := len(in), t.IsVariadic()
	if TakesStream(t) {
		items = in[n-1]
		in, n = in[:n-1], n-1
	}
	if variadic {
		rest = in[n-1]
		in = in[:n-1]
		n = len(in) + rest.Len()
	}
	call := begin(n)
	if items.IsValid() {
		call.Send(items)
	}
	for _, arg := range in {
		call.Add(arg)
	}
	if variadic {
		for i := range rest.Len() {
			call.Add(rest.Index(i))
		}
	}
	return call
}
