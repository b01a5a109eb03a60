package conformance

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcserver"
)

// LongName is a method's name of 64 bytes, as long as names go.
var LongName = "n" + strings.Repeat("a", 63)

// line and order are the types of the service.
type line struct {
	Article string  `msgpack:"article"`
	Price   float64 `msgpack:"price"`
	Count   int64   `msgpack:"count"`
}

type order struct {
	ID    string  `msgpack:"id"`
	Lines []line  `msgpack:"lines"`
	Note  *string `msgpack:"note,omitempty"`
}

// errFailed is what fail returns.
var errFailed = helium.NewError(helium.CodeOutOfRange, "vectors.failed", "it failed").WithDetail("why", "it was asked to")

// arguments reads the arguments of a call into pointers, and so checks their types.
func arguments(call *rpcserver.Call, into ...any) error {
	for i, v := range into {
		if err := call.Args.Value(v); err != nil {
			return call.BadArgument(i, err)
		}
	}
	return nil
}

// Service is the service of calls.json.
func Service() rpcserver.Service {
	method := func(signature string, handler rpcserver.Handler) rpcserver.Method {
		name, _, _ := strings.Cut(signature, "(")
		return rpcserver.Method{Name: name, Signature: signature, Handler: handler}
	}
	return rpcserver.Service{
		Name: "vectors",
		Types: map[string]string{
			"Order": "{id string, lines []Line, note string?}",
			"Line":  "{article string, price float64, count int64}",
		},
		Methods: []rpcserver.Method{
			method("note()", func(context.Context, *rpcserver.Call) error { return nil }),
			method("echo(value any) any", echo),
			method("take(value any)", func(_ context.Context, call *rpcserver.Call) error {
				var value any
				return arguments(call, &value)
			}),
			method("add(a float64, b float64) float64", add),
			method("whole(n int8) int8", whole),
			method("join(first string, second string?, rest ...string) string", join),
			method("total(order Order) float64", total),
			method("sample() Order", sample),
			method("names() map[int64]string", func(_ context.Context, call *rpcserver.Call) error {
				call.Result.Value(map[int64]string{1: "one"})
				return nil
			}),
			method("size(data bytes) int64", size),
			method("zeros(n int64) bytes", zeros),
			method("year(moment time) int64", year),
			method("ratio(a float64, b float64) float64", ratio),
			method("metadata(key string) string", metadata),
			method("fail()", func(context.Context, *rpcserver.Call) error { return errFailed }),
			method("wait()", func(ctx context.Context, _ *rpcserver.Call) error {
				<-ctx.Done()
				return ctx.Err()
			}),
			method(LongName+"() string", func(_ context.Context, call *rpcserver.Call) error {
				call.Result.String("long")
				return nil
			}),
		},
	}
}

func echo(_ context.Context, call *rpcserver.Call) error {
	var value any
	err := arguments(call, &value)
	call.Result.Value(value)
	return err
}

func add(_ context.Context, call *rpcserver.Call) error {
	var a, b float64
	err := arguments(call, &a, &b)
	call.Result.Float64(a + b)
	return err
}

func whole(_ context.Context, call *rpcserver.Call) error {
	var n int8
	err := arguments(call, &n)
	call.Result.Value(n)
	return err
}

// join returns its arguments with bars between, "-" for a second that is null.
func join(_ context.Context, call *rpcserver.Call) error {
	var first string
	var second *string
	rest := make([]string, call.NumArgs-2)
	into := []any{&first, &second}
	for i := range rest {
		into = append(into, &rest[i])
	}
	if err := arguments(call, into...); err != nil {
		return err
	}
	text := "-"
	if second != nil {
		text = *second
	}
	call.Result.String(strings.Join(append([]string{first, text}, rest...), "|"))
	return nil
}

func total(_ context.Context, call *rpcserver.Call) error {
	var o order
	err := arguments(call, &o)
	sum := 0.0
	for _, l := range o.Lines {
		sum += l.Price * float64(l.Count)
	}
	call.Result.Float64(sum)
	return err
}

func sample(_ context.Context, call *rpcserver.Call) error {
	note := "fragile"
	call.Result.Value(order{ID: "o1", Lines: []line{{"ball", 1.5, 2}, {"cup", 4, 1}}, Note: &note})
	return nil
}

func size(_ context.Context, call *rpcserver.Call) error {
	var data []byte
	err := arguments(call, &data)
	call.Result.Int(int64(len(data)))
	return err
}

func zeros(_ context.Context, call *rpcserver.Call) error {
	var n int64
	if err := arguments(call, &n); err != nil {
		return err
	}
	if n < 0 || n > 16<<20 {
		return call.BadArgument(0, fmt.Errorf("%d is no size", n))
	}
	call.Result.Value(make([]byte, n))
	return nil
}

func year(_ context.Context, call *rpcserver.Call) error {
	t, err := call.Args.Time()
	if err != nil {
		return call.BadArgument(0, err)
	}
	call.Result.Int(int64(t.UTC().Year()))
	return nil
}

// ratio returns what JSON has no form for if b is 0.
func ratio(_ context.Context, call *rpcserver.Call) error {
	var a, b float64
	err := arguments(call, &a, &b)
	if b == 0 && a == 0 {
		call.Result.Float64(math.NaN())
	} else {
		call.Result.Float64(a / b)
	}
	return err
}

func metadata(ctx context.Context, call *rpcserver.Call) error {
	var key string
	err := arguments(call, &key)
	call.Result.String(helium.MetadataFrom(ctx)[key])
	return err
}
