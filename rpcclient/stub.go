package rpcclient

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/reflectfunc"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/internal/typedfunc"
	"github.com/helium-rpc/helium/rpcclient/internal/keys"
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
	returnsFunc := t.NumOut() == 1 && t.Out(0).Kind() == reflect.Func // a stream, or what OfFunc says more about
	if !returnsFunc && (t.NumOut() == 0 || t.Out(t.NumOut()-1) != errorType) {
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
	if fn, ok := typedfunc.StubOf(t, func(args int) typedfunc.Call { return stubCall{m.Begin(args)} }); ok {
		return fn, nil
	}
	return reflectfunc.StubOf(t, func(args int) stubCall { return stubCall{m.Begin(args)} }, yieldedValues), nil
}

// stubCall is a call by a stub.
type stubCall struct{ *Invocation }

func (c stubCall) Arguments() *codec.Writer { return &c.Args }
func (c stubCall) Returned() *codec.Reader  { return &c.Result }

// Add adds an argument. The types of a loose stub don't say all the names of fields in its
// arguments.
func (c stubCall) Add(arg reflect.Value) {
	c.Args.ReflectValue(arg)
	if !c.method.loose {
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
	c.says().argTypes = append(c.says().argTypes, t)
}

// Send has the call send what an iterator of any type gives.
func (c stubCall) Send(items reflect.Value) {
	Send(c.Invocation, reflectfunc.Values(items), (*codec.Writer).ReflectValue)
	c.says().sendsType = signature.StreamItem(items.Type())
}

// yieldedValues is Yielded for calls by stubs.
func yieldedValues(ctx context.Context, begin func() stubCall, read func(*codec.Reader) (reflect.Value, error)) iter.Seq2[reflect.Value, error] {
	return Yielded(ctx, func() (*Invocation, error) { return begin().Invocation, nil }, read)
}

// checkNow compares the stub with the registry, as far as the registry can tell now.
func (m *Method) checkNow(ctx context.Context) error {
	deadline, _ := ctx.Deadline()
	_, err := (&Invocation{method: m, key: new(keys.Key)}).resolve(ctx, time.Now(), deadline)
	if errors.Is(err, helium.ErrMismatch) || errors.Is(err, helium.ErrUnknownMethod) || errors.Is(err, helium.ErrClientClosed) {
		return err
	}
	return nil // not known yet: the first call finds out
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
