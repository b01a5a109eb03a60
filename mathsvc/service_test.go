package mathsvc_test

import (
	"context"
	"errors"
	"iter"
	"math"
	"os"
	"slices"
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

// sending gives numbers.
func sending(numbers ...float64) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		for _, x := range numbers {
			if !yield(x, nil) {
				return
			}
		}
	}
}

// gather returns the items of a stream and the error that ended it.
func gather[T any](items iter.Seq2[T, error]) (all []T, err error) {
	for item, e := range items {
		if e != nil {
			err = e
			continue
		}
		all = append(all, item)
	}
	return all, err
}

func TestStreamsOfTheServiceAndItsStubAreTheSame(t *testing.T) {
	env := heliumtest.New(t)
	serveGenerated(t, env)
	for name, s := range map[string]mathsvc.Service{"the service": mathsvc.New(), "its stub": mathsvc.NewClient(env.Client)} {
		ctx := t.Context()
		if got, err := gather(s.Primes(ctx, 30)); err != nil || !slices.Equal(got, []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}) {
			t.Errorf("%s: the primes below 30 are %v, %v", name, got, err)
		}
		if got, err := gather(s.Primes(ctx, 2)); err != nil || got != nil {
			t.Errorf("%s: the primes below 2 are %v, %v; want none", name, got, err)
		}
		if got, err := s.Mean(ctx, sending(1, 2, 6)); err != nil || got != 3 {
			t.Errorf("%s: the mean of 1, 2 and 6 is %v, %v", name, got, err)
		}
		if _, err := s.Mean(ctx, sending()); !errors.Is(err, mathsvc.ErrDivisionByZero) {
			t.Errorf("%s: the mean of nothing: %v, want ErrDivisionByZero", name, err)
		}
		if got, err := gather(s.RunningMean(ctx, sending(2, 4, 0))); err != nil || !slices.Equal(got, []float64{2, 3, 2}) {
			t.Errorf("%s: the running means of 2, 4 and 0 are %v, %v", name, got, err)
		}
		for p, err := range s.Primes(ctx, 1<<40) {
			if err != nil {
				t.Error(err)
			}
			if p > 100 {
				break
			}
		}
	}
}
