// Package kept has types that only package shared can import.
package kept

// Tint is a color.
type Tint struct{ Red, Green, Blue uint8 }

// Shade is how dark one is.
type Shade int8

// Blend are several.
type Blend [2]Tint

// Box holds one value.
type Box[T any] struct{ Held T }
