// Package shared is a package that others take types and methods from.
package shared

import (
	"context"

	"github.com/helium-rpc/helium"
)

// Money is an amount.
type Money struct {
	Units    int64  `json:"units"`
	Currency string `json:"currency"`
	internal bool
}

// Audited tells whether somebody looked at it. It doesn't travel.
func (m Money) Audited() bool { return m.internal }

// Order has the name of a type in package corpus.
type Order struct{ Number int }

// Color is one of a few.
type Color string

// Stamped is embedded by structs of other packages.
type Stamped struct {
	By string
	stamp
}

type stamp struct{ At int64 }

// ErrClosed is an error that a method of another package's interface declares.
var ErrClosed = helium.NewError(helium.CodeUnavailable, "shared.closed", "closed for today")

// Till is embedded by interfaces of other packages.
type Till interface {
	// Pay takes an amount
	// and says what is left of it.
	//
	//helium:error ErrClosed
	Pay(ctx context.Context, amount Money) (Money, error)
}

type key struct{ Teeth []int }

// Vault is an interface that only this package can have a client of.
type Vault interface {
	Open(ctx context.Context, k key) error
	secret() error
}

// Hue is a color's place in the rainbow.
type Hue int8

const (
	Red  Hue = -1 // Red is outermost.
	Blue Hue = 1
)
