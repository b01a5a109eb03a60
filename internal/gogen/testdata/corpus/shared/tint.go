package shared

import (
	"context"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared/internal/kept"
)

// Names for what others can't import.
type (
	Tint       = kept.Tint
	Shade      = kept.Shade
	Blend      = kept.Blend
	Box[T any] = kept.Box[T]
	TintBox    = kept.Box[kept.Tint]
	hiddenTint = Tint
	hiddenList = []hiddenTint
)

// Tinted is embedded by interfaces of other packages, and has names that they can't use.
type Tinted interface {
	// Turn returns another tint.
	Turn(ctx context.Context, t hiddenTint, more hiddenList) (map[string]hiddenTint, error)
}

// Dipped is an interface that only packages with a name for its type can have a client of.
type Dipped interface {
	Dip(ctx context.Context, t kept.Tint) error
	Fill(ctx context.Context) ([]struct{ B Box[kept.Shade] }, error)
}

// Dyed is embedded by structs of other packages.
type Dyed struct {
	Pair [1]kept.Tint `json:",omitzero"`
}
