package rpcclient_test

import (
	"context"
	"reflect"
	"strings"

	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/signature"
)

// none is the result of methods without one.
type none struct{}

// way is one way of calling.
type way[R any] struct {
	name string
	call func() (R, error)
}

// everyWay returns the ways there are to make one call: by name, by the generic
// function, by a function stub, by a bound struct, and in the shape of generated code.
// F is the type of the stub, and invoke calls one; args are the same call for the ways
// that have no stub.
func everyWay[R, F any](ctx context.Context, c *rpcclient.Client, name string, invoke func(F) (R, error), args ...any) []way[R] {
	service, method, _ := strings.Cut(name, ".")
	return []way[R]{
		{"Client.Call", func() (R, error) { return byName[R](ctx, c, name, args) }},
		{"Call[T]", func() (R, error) {
			if _, ok := any(*new(R)).(none); ok {
				return byName[R](ctx, c, name, args) // it has no form for no result
			}
			return rpcclient.Call[R](ctx, c, name, args...)
		}},
		{"Func[F]", func() (result R, err error) {
			stub, err := rpcclient.Func[F](c, name)
			if err != nil {
				return result, err
			}
			return invoke(stub)
		}},
		{"Bind", func() (result R, err error) {
			stub, err := bind[F](c, service, method)
			if err != nil {
				return result, err
			}
			return invoke(stub)
		}},
		{"generated", func() (R, error) { return generated[R, F](ctx, c, service, method, args) }},
	}
}

func byName[R any](ctx context.Context, c *rpcclient.Client, name string, args []any) (result R, err error) {
	if _, ok := any(result).(none); ok {
		return result, c.Call(ctx, name, nil, args...)
	}
	err = c.Call(ctx, name, &result, args...)
	return result, err
}

// bind binds a struct with one field, named by its tag.
func bind[F any](c *rpcclient.Client, service, method string) (stub F, err error) {
	v := reflect.New(reflect.StructOf([]reflect.StructField{{
		Name: "Stub", Type: reflect.TypeFor[F](), Tag: reflect.StructTag(`helium:"` + method + `"`),
	}}))
	if err := c.Bind(service, v.Interface()); err != nil {
		return stub, err
	}
	return v.Elem().Field(0).Interface().(F), nil
}

// generated does what generated code does, with the signature that a generator would
// write for a function of type F.
func generated[R, F any](ctx context.Context, c *rpcclient.Client, service, method string, args []any) (result R, err error) {
	types := signature.NewTypes()
	text := ""
	if sig, err := types.OfFunc(method, reflect.TypeFor[F]()); err == nil {
		text = sig.String()
	}
	call := c.Method(service, method, text, types.Definitions()).Begin(len(args))
	for _, arg := range args {
		call.Args.Value(arg)
	}
	if err := call.Do(ctx); err != nil {
		return result, err
	}
	if _, ok := any(result).(none); ok {
		return result, call.End(nil)
	}
	err = call.End(call.Result.Value(&result))
	return result, err
}
