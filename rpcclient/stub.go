package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/typedfunc"
	"github.com/helium-rpc/helium/signature"
)

// Func returns a function that calls a method.
//
//	add, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](c, "math.add")
//
// F is func([ctx], args...) ([result], error), whose last parameter may be a stream that is sent, an
// iter.Seq2[T, error], or func([ctx], args...) iter.Seq2[T, error]. If the registry knows the method, it must
// fit now; otherwise the first call finds out.
func Func[F any](c *Client, method string) (F, error) {
	var fn F
	if unmade := c.unmade(); unmade != nil {
		return fn, unmade
	}
	target := reflect.ValueOf(&fn).Elem()
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	service, name, err := c.directory.Resolve(ctx, method)
	if err != nil {
		return fn, err
	}
	stub, err := c.makeStub(ctx, service, name, target.Type())
	if err != nil {
		return fn, fmt.Errorf("rpcclient: a stub for %s.%s: %w", service, name, err)
	}
	target.Set(stub)
	return fn, nil
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// makeStub returns a function of type t that calls the method.
func (c *Client) makeStub(ctx context.Context, service, name string, t reflect.Type) (reflect.Value, error) {
	if t.Kind() != reflect.Func {
		return reflect.Value{}, fmt.Errorf("a stub is a func([ctx], args...) ([result], error), not %s", t)
	}
	if !returnsStream(t) && (t.NumOut() == 0 || t.Out(t.NumOut()-1) != errorType) {
		return reflect.Value{}, fmt.Errorf("%s must return an error last: a call can fail even where the method can't", t)
	}
	m := c.pinnedMethod(service, name)
	if m.fault != nil {
		return reflect.Value{}, m.fault
	}
	stub, err := signature.NewTypes().OfFunc(name, t)
	if err != nil {
		return reflect.Value{}, err
	}
	m.stub, m.loose = stub, isLoose(t)
	if err := m.checkNow(ctx); err != nil {
		return reflect.Value{}, err
	}
	if fn, ok := typedfunc.StubOf(t, func(args int) typedfunc.Call { return typedCall{m.Begin(args)} }); ok {
		return fn, nil
	}
	return reflect.MakeFunc(t, m.reflectStub(t)), nil
}

// typedCall is a call by a stub of a usual shape.
type typedCall struct{ *Invocation }

func (c typedCall) Arguments() *codec.Writer { return &c.Args }
func (c typedCall) Returned() *codec.Reader  { return &c.Result }

// checkNow compares the stub with the registry, as far as the registry can tell now.
func (m *Method) checkNow(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	_, err := (&Invocation{method: m, key: new(routingKey)}).resolve(ctx, time.Now(), deadline)
	if errors.Is(err, helium.ErrMismatch) || errors.Is(err, helium.ErrUnknownMethod) || errors.Is(err, helium.ErrClientClosed) {
		return err
	}
	return nil // not known yet: the first call finds out
}

// reflectStub returns the body of a function of type t.
func (m *Method) reflectStub(t reflect.Type) func([]reflect.Value) []reflect.Value {
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		first = 1
	}
	var resultType reflect.Type
	if t.NumOut() == 2 {
		resultType = t.Out(0)
	}
	noError := reflect.Zero(errorType)

	return func(in []reflect.Value) []reflect.Value {
		ctx := context.Background()
		if first == 1 {
			if given, _ := in[0].Interface().(context.Context); given != nil {
				ctx = given
			}
			in = in[1:]
		}
		if returnsStream(t) {
			return []reflect.Value{yieldReflect(ctx, t.Out(0), func() *Invocation { return m.beginReflect(in, t) })}
		}
		call := m.beginReflect(in, t)
		err := call.Do(ctx)
		failed := err != nil
		var result reflect.Value
		if resultType != nil {
			pointer := reflect.New(resultType)
			result = pointer.Elem()
			if !failed {
				err = call.Result.Value(pointer.Interface())
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
	}
}

// errorValue returns an error as a value of the type error. It has a copy of its own to point to, so
// that calls which go well allocate none.
func errorValue(err error) reflect.Value { return reflect.ValueOf(&err).Elem() }

// beginReflect begins a call with a function's arguments. Those of a variadic
// parameter follow one another, as if each had a parameter of its own, and a stream is sent behind
// them.
func (m *Method) beginReflect(in []reflect.Value, t reflect.Type) *Invocation {
	var rest, items reflect.Value
	n, variadic := len(in), t.IsVariadic()
	if sendsStream(t) {
		items = in[n-1]
		in, n = in[:n-1], n-1
	}
	if variadic {
		rest = in[n-1]
		in = in[:n-1]
		n = len(in) + rest.Len()
	}
	call := m.Begin(n)
	if items.IsValid() {
		call.sendReflect(items)
	}
	for _, arg := range in {
		call.addReflect(arg, m.loose)
	}
	if variadic {
		for i := range rest.Len() {
			call.addReflect(rest.Index(i), m.loose)
		}
	}
	return call
}

// addReflect adds an argument of a stub. The types of a loose one don't say all the names
// of fields in its arguments.
func (call *Invocation) addReflect(arg reflect.Value, loose bool) {
	call.Args.ReflectValue(arg)
	if !loose {
		return
	}
	t := transcode.Compared
	switch arg.Kind() {
	case reflect.Map:
		t = arg.Type()
	case reflect.Interface:
		if t = nil; !arg.IsNil() {
			t = arg.Elem().Type()
		}
	}
	call.says().argTypes = append(call.says().argTypes, t)
}

// isLoose reports whether a function has parameters that can hold a struct's fields under
// any names.
func isLoose(t reflect.Type) bool {
	for i := range t.NumIn() {
		in := t.In(i)
		if t.IsVariadic() && i == t.NumIn()-1 {
			in = in.Elem()
		}
		if in.Kind() == reflect.Map || in.Kind() == reflect.Interface && in != contextType {
			return true
		}
	}
	return false
}
