package mathsvc

import (
	"context"
	"iter"

	"github.com/helium-rpc/helium"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Service

// Service does arithmetic on float64 by IEEE 754: overflow gives an infinity, not an error.
type Service interface {
	// Add returns a + b.
	//
	//helium:idempotent
	//helium:example [2, 3] => 5
	Add(ctx context.Context, a, b float64) (float64, error)
	// Sub returns a - b.
	//
	//helium:idempotent
	//helium:example [5, 3] => 2
	Sub(ctx context.Context, a, b float64) (float64, error)
	// Mul returns a * b.
	//
	//helium:idempotent
	//helium:example [2, 3] => 6
	Mul(ctx context.Context, a, b float64) (float64, error)
	// Div returns a / b, and ErrDivisionByZero if b is 0.
	//
	//helium:idempotent
	//helium:error ErrDivisionByZero
	//helium:example [6, 3] => 2
	Div(ctx context.Context, a, b float64) (float64, error)
	// Primes yields the primes below a number, from the smallest on.
	//
	//helium:example [10]
	Primes(ctx context.Context, below int) iter.Seq2[int, error]
	// Mean returns the mean of all numbers that it is sent, and ErrDivisionByZero if there are none.
	//
	//helium:error ErrDivisionByZero
	Mean(ctx context.Context, xs iter.Seq2[float64, error]) (float64, error)
	// RunningMean yields, for each number that it is sent, the mean of all so far.
	RunningMean(ctx context.Context, xs iter.Seq2[float64, error]) iter.Seq2[float64, error]
}

// ErrDivisionByZero is what Div returns when the divisor is 0. errors.Is recognises it
// on both sides of the wire.
var ErrDivisionByZero = helium.NewError(helium.CodeInvalidArgument, "math.division_by_zero", "division by zero")

// New returns the service itself. It keeps no state and is safe for concurrent use.
func New() Service { return arithmetic{} }

type arithmetic struct{}

func (arithmetic) Add(_ context.Context, a, b float64) (float64, error) { return a + b, nil }
func (arithmetic) Sub(_ context.Context, a, b float64) (float64, error) { return a - b, nil }
func (arithmetic) Mul(_ context.Context, a, b float64) (float64, error) { return a * b, nil }

func (arithmetic) Div(_ context.Context, a, b float64) (float64, error) {
	if b == 0 {
		return 0, ErrDivisionByZero
	}
	return a / b, nil
}

func (arithmetic) Primes(_ context.Context, below int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		var found []int
		for n := 2; n < below; n++ {
			if isPrime(n, found) {
				found = append(found, n)
				if !yield(n, nil) {
					return
				}
			}
		}
	}
}

// isPrime reports whether a number is prime, of which the smaller ones are known.
func isPrime(n int, smaller []int) bool {
	for _, p := range smaller {
		switch {
		case p > n/p:
			return true
		case n%p == 0:
			return false
		}
	}
	return true
}

func (arithmetic) Mean(_ context.Context, xs iter.Seq2[float64, error]) (float64, error) {
	sum, n := 0.0, 0
	for x, err := range xs {
		if err != nil {
			return 0, err
		}
		sum += x
		n++
	}
	if n == 0 {
		return 0, ErrDivisionByZero
	}
	return sum / float64(n), nil
}

func (arithmetic) RunningMean(_ context.Context, xs iter.Seq2[float64, error]) iter.Seq2[float64, error] {
	return func(yield func(float64, error) bool) {
		sum, n := 0.0, 0
		for x, err := range xs {
			sum += x
			n++
			if !yield(sum/float64(n), err) || err != nil {
				return
			}
		}
	}
}
