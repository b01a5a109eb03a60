package mathsvc

import (
	"context"

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
