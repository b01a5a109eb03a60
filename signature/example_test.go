package signature_test

import (
	"context"
	"fmt"
	"reflect"

	"github.com/helium-rpc/helium/signature"
)

func Example() {
	// The server's side: from a Go function to text.
	type Point struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	types := signature.NewTypes()
	move, err := types.OfFunc("move", reflect.TypeFor[func(ctx context.Context, p Point, by ...float64) (Point, error)]())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(move, types.Definitions())

	// The client's side: from text to a method, and does the stub fit?
	types, err = signature.ParseTypes(map[string]string{"Point": "{x float64, y float64}"})
	if err != nil {
		fmt.Println(err)
		return
	}
	remote, err := types.Parse("move(p Point, by ...float64) Point")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(signature.Fits(move, remote))
	// Output:
	// move(Point, ...float64) Point map[Point:{x float64, y float64}]
	// <nil>
}

func ExampleTypes_OfFunc() {
	type order struct {
		ID   string
		Done chan bool
	}
	_, err := signature.NewTypes().OfFunc("place", reflect.TypeFor[func(order, context.Context) (int, int)]())
	fmt.Println(err)
	// Output:
	// method place: argument 1, field order.Done: chan bool can't travel; use a list, or a stream: an iter.Seq2[T, error] as the last parameter or the only result
	// method place: context.Context is parameter 2; make it the first
	// method place: it returns 2 values; return one, such as a struct of them, and an error
}

func ExampleTypes_Parse() {
	_, err := signature.NewTypes().Parse("add(a flot64, b float64) float64")
	fmt.Println(err)
	// Output:
	// "add(a flot64, b float64) float64", column 7: no type flot64 is defined; found "flot64, b float6"
}

func ExampleFits() {
	types := signature.NewTypes()
	stub, _ := types.OfFunc("div", reflect.TypeFor[func(float64) (float64, error)]())
	remote, _ := types.Parse("div(a float64, b float64) float64")
	fmt.Println(signature.Fits(stub, remote))
	// Output:
	// stub div(float64) float64 doesn't fit remote div(a float64, b float64) float64: 1 argument, want 2
}
