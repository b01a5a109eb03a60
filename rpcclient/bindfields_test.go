package rpcclient_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
)

type binary = func(ctx context.Context, a, b float64) (float64, error)

// Sums, Products and the like are structs of functions that others embed.
type Sums struct {
	Add binary
	Sub binary
}

type Products struct {
	*Sums
	Mul binary
}

type Calculator struct {
	Products
	Div binary
}

type quotients struct {
	Div binary
}

type Of[T any] struct {
	Add func(ctx context.Context, a, b T) (T, error)
}

type Binary func(ctx context.Context, a, b float64) (float64, error)

type Loop struct {
	*Loop
	Add binary
}

func TestBindFillsWhatAStructEmbedsAndPointsTo(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	ctx := t.Context()
	given, variable := new(Sums), binary(nil)
	pointed := &quotients{}
	own := mathsvc.NewClient(env.Client)

	var byValue struct{ Sums }
	var byPointer struct{ *Sums }
	byGiven := struct{ *Sums }{given}
	var twoLevels struct{ *Calculator }
	var unexported struct{ quotients }
	unexportedGiven := struct{ *quotients }{pointed}
	var generic struct {
		Of[float32]
		Sub func(a, b int) (int, error)
	}
	var pointers struct {
		Add *binary
		Sub *binary
		Sum *Binary `helium:"add"`
	}
	pointers.Sub = &variable
	var conflict struct {
		Sums
		Products
		Add binary
	}
	var alias struct {
		Binary `helium:"mul"`
		Plus   binary `helium:"add"`
		Add    binary
	}
	withData := struct {
		http.Client `helium:"-"`
		mathsvc.Service
		HTTP   *http.Client
		Header http.Header
		undo   []func()
		Add    binary
	}{Service: own, undo: []func(){func() {}}}
	var loop struct{ Loop }
	for _, c := range []struct {
		name string
		stub any
		call func() (float64, error)
		want float64
	}{
		{"embedded by value", &byValue, func() (float64, error) { return byValue.Add(ctx, 2, 3) }, 5},
		{"embedded by a nil pointer", &byPointer, func() (float64, error) { return byPointer.Sub(ctx, 2, 3) }, -1},
		{"embedded by a pointer", &byGiven, func() (float64, error) { return given.Add(ctx, 2, 3) }, 5},
		{"three levels, the innermost", &twoLevels, func() (float64, error) { return twoLevels.Add(ctx, 2, 3) }, 5},
		{"three levels, the middle", &twoLevels, func() (float64, error) { return twoLevels.Mul(ctx, 2, 3) }, 6},
		{"three levels, the outermost", &twoLevels, func() (float64, error) { return twoLevels.Div(ctx, 6, 3) }, 2},
		{"of a type that isn't exported", &unexported, func() (float64, error) { return unexported.Div(ctx, 6, 3) }, 2},
		{"of such a type, by a pointer", &unexportedGiven, func() (float64, error) { return pointed.Div(ctx, 6, 3) }, 2},
		{"generic", &generic, func() (float64, error) { sum, err := generic.Add(ctx, 2, 3); return float64(sum), err }, 5},
		{"beside a generic one", &generic, func() (float64, error) { d, err := generic.Sub(2, 3); return float64(d), err }, -1},
		{"a nil pointer to a function", &pointers, func() (float64, error) { return (*pointers.Add)(ctx, 2, 3) }, 5},
		{"a pointer to a function", &pointers, func() (float64, error) { return variable(ctx, 2, 3) }, -1},
		{"a pointer to a function, tagged", &pointers, func() (float64, error) { return (*pointers.Sum)(ctx, 2, 3) }, 5},
		{"a name that an embedded struct has too", &conflict, func() (float64, error) { return conflict.Add(ctx, 2, 3) }, 5},
		{"the hidden one", &conflict, func() (float64, error) { return conflict.Sums.Add(ctx, 2, 3) }, 5},
		{"the one hidden deeper", &conflict, func() (float64, error) { return conflict.Products.Sums.Add(ctx, 2, 3) }, 5},
		{"an embedded function", &alias, func() (float64, error) { return alias.Binary(ctx, 2, 3) }, 6},
		{"the same method twice", &alias, func() (float64, error) { return alias.Plus(ctx, 2, 3) }, 5},
		{"beside data", &withData, func() (float64, error) { return withData.Add(ctx, 2, 3) }, 5},
		{"an embedded implementation", &withData, func() (float64, error) { return withData.Service.Mul(ctx, 2, 3) }, 6},
		{"a struct that embeds itself", &loop, func() (float64, error) { return loop.Add(ctx, 2, 3) }, 5},
	} {
		if err := env.Client.Bind("math", c.stub); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got, err := c.call(); err != nil || got != c.want {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
	}
	if len(withData.undo) != 1 || withData.CheckRedirect != nil || withData.HTTP != nil {
		t.Errorf("data was changed: %+v", withData)
	}
}

func TestBindRefusesWhatItCannotFillAndChangesNothing(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	const tag = "`helium:\"-\"`"
	for _, c := range []struct {
		stub any
		want []string
	}{
		{&struct{ *quotients }{}, []string{"quotients: the embedded pointer is nil", "embed the struct itself"}},
		{&struct {
			Sums
			mul binary
		}{}, []string{"mul: it isn't exported"}},
		{&struct {
			Sums
			mul *binary
		}{}, []string{"mul: it isn't exported"}},
		{&struct{ mathsvc.Service }{}, []string{"Service: an interface can't be filled", tag}},
		{&struct{ Ops [2]binary }{}, []string{"Ops: nothing says which methods", tag}},
		{&struct{ Ops []*binary }{}, []string{"Ops: nothing says which methods", tag}},
		{&struct{ Ops map[string]binary }{}, []string{"Ops: nothing says which methods", tag}},
		{&struct{ Add **binary }{}, []string{"Add: nothing says which methods", tag}},
		{&struct{ Math Sums }{}, []string{"Math.Add: functions are filled in embedded structs only", tag}},
		{&struct{ Math Calculator }{}, []string{"functions are filled in embedded structs only", "embed rpcclient_test.Calculator"}},
		{&struct {
			Sums `helium:"add"`
		}{}, []string{"Sums: a stub is a func"}},
		{&struct {
			*Sums
			Modulo *binary
		}{}, []string{"Modulo: ", `no method "modulo"`}},
		{&struct {
			Of[string]
		}{}, []string{"Of.Add: ", "string, want float64"}},
		{&struct{ http.Client }{}, []string{"Client.CheckRedirect: "}},
		{(*Sums)(nil), []string{"a nil *rpcclient_test.Sums", "such as &math"}},
		{new(*Sums), []string{"got **rpcclient_test.Sums"}},
		{Sums{}, []string{"got rpcclient_test.Sums"}},
		{new(mathsvc.Service), []string{"got *mathsvc.Service"}},
		{&struct{ Loop *Loop }{}, []string{"has no function fields"}},
	} {
		err := env.Client.Bind("math", c.stub)
		if err == nil {
			t.Errorf("Bind(%T) succeeded, want an error with %q", c.stub, c.want)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("Bind(%T): %v\nwant %q in it", c.stub, err, want)
			}
		}
	}
	var half struct {
		*Sums
		Add    *binary
		Modulo binary
	}
	if err := env.Client.Bind("math", &half); err == nil || half.Sums != nil || half.Add != nil {
		t.Errorf("after %v the struct is %+v, want it untouched", err, half)
	}
}
