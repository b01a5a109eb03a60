package corpus

import (
	"context"
	"iter"

	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
)

//go:generate go run github.com/helium-rpc/helium/cmd/helium gen go --type Tints

// Tints has types that can't be imported here, by the names that another package has for them.
type Tints interface {
	shared.Tinted
	Paint(ctx context.Context, t shared.Tint) (shared.Tint, error)
	Darken(ctx context.Context, s shared.Shade, by ...shared.Shade) (shared.Shade, error)
	Mix(ctx context.Context, b *shared.Blend, all []shared.Tint) (shared.Blend, error)
	Pack(ctx context.Context, b shared.Box[shared.Tint]) (shared.TintBox, error)
	Pot(ctx context.Context, p Pot) (Pot, error)
	Dye(ctx context.Context, d Dyed) (Dyed, error)
	Unnamed(ctx context.Context, u struct{ T shared.Tint }) (map[string]struct{ S shared.Shade }, error)
	Stir(ctx context.Context, ts iter.Seq2[shared.Tint, error]) iter.Seq2[shared.Tint, error]
}

// Pot has fields of such types, which may be left out.
type Pot struct {
	Name  string
	Tint  shared.Tint    `json:",omitzero"`
	Pair  shared.Blend   `json:",omitzero"`
	Two   [2]shared.Tint `json:",omitzero"`
	Shade shared.Shade   `json:",omitempty"`
}

// Dyed has one only by what it embeds.
type Dyed struct {
	shared.Dyed
	Name string
}

// NewTints returns the implementation.
func NewTints() Tints { return tints{} }

type tints struct{}

func (tints) Turn(_ context.Context, t shared.Tint, more []shared.Tint) (map[string]shared.Tint, error) {
	return map[string]shared.Tint{"first": t, "last": more[len(more)-1]}, nil
}

func (tints) Paint(_ context.Context, t shared.Tint) (shared.Tint, error) { return t, nil }

func (tints) Darken(_ context.Context, s shared.Shade, by ...shared.Shade) (shared.Shade, error) {
	for _, more := range by {
		s += more
	}
	return s, nil
}

func (tints) Mix(_ context.Context, b *shared.Blend, all []shared.Tint) (shared.Blend, error) {
	return shared.Blend{b[1], all[0]}, nil
}

func (tints) Pack(_ context.Context, b shared.Box[shared.Tint]) (shared.TintBox, error) {
	return b, nil
}

func (tints) Pot(_ context.Context, p Pot) (Pot, error) { return p, nil }

func (tints) Dye(_ context.Context, d Dyed) (Dyed, error) { return d, nil }

func (tints) Unnamed(_ context.Context, u struct{ T shared.Tint }) (map[string]struct{ S shared.Shade }, error) {
	return map[string]struct{ S shared.Shade }{"red": {shared.Shade(u.T.Red)}}, nil
}

func (tints) Stir(_ context.Context, ts iter.Seq2[shared.Tint, error]) iter.Seq2[shared.Tint, error] {
	return ts
}
