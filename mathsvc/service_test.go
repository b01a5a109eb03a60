package mathsvc_test

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/mathsvc"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

func TestTheServiceAndItsStubGiveTheSameAnswers(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	stub := mathsvc.NewClient(env.Client)
	at := mathsvc.New()

	numbers := []float64{0, 1, -1, 0.1, 3.5, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.NaN()}
	for _, method := range []struct {
		name         string
		local, there func(a, b float64) (float64, error)
	}{
		{"Add", bind(t, at.Add), bind(t, stub.Add)},
		{"Sub", bind(t, at.Sub), bind(t, stub.Sub)},
		{"Mul", bind(t, at.Mul), bind(t, stub.Mul)},
		{"Div", bind(t, at.Div), bind(t, stub.Div)},
	} {
		for _, a := range numbers {
			for _, b := range numbers {
				want, wantErr := method.local(a, b)
				got, err := method.there(a, b)
				if math.Float64bits(got) != math.Float64bits(want) && !(math.IsNaN(got) && math.IsNaN(want)) {
					t.Errorf("%s(%v, %v) = %v, want %v", method.name, a, b, got, want)
				}
				if (err == nil) != (wantErr == nil) || wantErr != nil && !errors.Is(err, wantErr) {
					t.Errorf("%s(%v, %v) failed with %v, want %v", method.name, a, b, err, wantErr)
				}
			}
		}
	}
}

// bind gives a method the test's context.
func bind(t *testing.T, method func(ctx context.Context, a, b float64) (float64, error)) func(a, b float64) (float64, error) {
	return func(a, b float64) (float64, error) { return method(t.Context(), a, b) }
}

func TestOnlyTheDivisorDecidesWhetherItIsADivisionByZero(t *testing.T) {
	for _, c := range []struct {
		a, b float64
		want error
	}{
		{1, 0, mathsvc.ErrDivisionByZero},
		{0, 0, mathsvc.ErrDivisionByZero},
		{1, math.Copysign(0, -1), mathsvc.ErrDivisionByZero},
		{0, 1, nil},
		{1, math.SmallestNonzeroFloat64, nil},
	} {
		if _, err := mathsvc.New().Div(t.Context(), c.a, c.b); !errors.Is(err, c.want) {
			t.Errorf("Div(%v, %v) failed with %v, want %v", c.a, c.b, err, c.want)
		}
	}
}
