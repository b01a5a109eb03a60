package part

import (
	"context"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// caller makes the call of a number, and puts into its entry what came back.
type caller func(ctx context.Context, id int64, end *ledger.Entry) error

// returning is the caller of calls that return their number.
func returning(call func(ctx context.Context, id int64) (got int64, err error)) caller {
	return func(ctx context.Context, id int64, end *ledger.Entry) error {
		got, err := call(ctx, id)
		end.Wrong = err == nil && got != id
		return err
	}
}
