package helium_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/helium-rpc/helium"
)

// ErrSoldOut is declared beside the interface of a service.
var ErrSoldOut = helium.NewError(helium.CodeFailedPrecondition, "shop.sold_out", "sold out")

func ExampleNewError() {
	// A handler returns it wrapped, with facts of this very case.
	order := func() error {
		return fmt.Errorf("order 7: %w", ErrSoldOut.WithDetail("part", "bolt"))
	}
	// This is what the caller can do with it, in another process.
	err := order()
	if errors.Is(err, ErrSoldOut) {
		fmt.Println("no more", helium.AsError(err).Details["part"]+"s")
	}
	// Output: no more bolts
}

func ExampleAsError() {
	err := fmt.Errorf("order 7: %w", ErrSoldOut)
	e := helium.AsError(err)
	fmt.Println(e.Code, e.Reason)
	fmt.Println(e.Message)
	// Output:
	// failed_precondition shop.sold_out
	// order 7: sold out
}

func ExampleOutcomeOf() {
	again := func(err error) bool { return helium.OutcomeOf(err) == helium.NotExecuted }
	fmt.Println(again(ErrSoldOut.WithOutcome(helium.Executed)))
	fmt.Println(again(helium.Errorf(helium.CodeUnavailable, "no instance is running").WithOutcome(helium.NotExecuted)))
	// Output:
	// false
	// true
}

func ExampleWithMetadata() {
	ctx := helium.WithMetadata(context.Background(), helium.Metadata{"tenant": "acme"})
	ctx = helium.WithMetadata(ctx, helium.Metadata{"trace": "4bf92f"})
	fmt.Println(helium.SentMetadata(ctx))
	// Output: map[tenant:acme trace:4bf92f]
}
