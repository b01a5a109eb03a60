package gofields

import "slices"

// Model answers what the rules ask of types. T is a type: a reflect.Type, or a type in
// source.
type Model[T any] interface {
	// Same reports whether two types are one.
	Same(a, b T) bool
	// Name is a type's own name, "" if it has none.
	Name(t T) string
	// Pointee is what an unnamed pointer points to.
	Pointee(t T) (elem T, ok bool)
	// Members are all fields of a struct.
	Members(t T) (members []Member[T], ok bool)
	// IsTime reports time.Time, which has a form of its own on the wire.
	IsTime(t T) bool
	// IsScalar reports a bool, a number or a text by its kind.
	IsScalar(t T) bool
	// Method reports whether a pointer to t has the method of that name, of a [Pair] or
	// IsZero, with the parameters and results that it should have, and whether it is
	// declared for t and not promoted from a field that t embeds.
	Method(t T, name string) (has, declared bool)
}

// Member is one field of a struct as it is declared.
type Member[T any] struct {
	Name, Tag          string
	Type               T
	Exported, Embedded bool
}

func contains[T any](m Model[T], types []T, t T) bool {
	return slices.ContainsFunc(types, func(other T) bool { return m.Same(other, t) })
}
