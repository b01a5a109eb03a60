package gofields

import (
	"reflect"
	"slices"
)

// Model answers what the rules ask of types. T is a type: a reflect.Type, or a type in
// source. It tells facts of Go alone; what follows from them is for the rules.
type Model[T any] interface {
	// Same reports whether two types are one.
	Same(a, b T) bool
	// Name is a type's own name, "" if it has none.
	Name(t T) string
	// Is reports the type of that name in the package of that path, which is "" for
	// types such as error and uint8.
	Is(t T, path, name string) bool
	// Kind is what a type is made of.
	Kind(t T) reflect.Kind
	// Elem is what a pointer, a list or a map leads to.
	Elem(t T) T
	// Members are all fields of a struct.
	Members(t T) (members []Member[T], ok bool)
	// Method is the method of that name that a pointer to t has.
	Method(t T, name string) (m Method[T], ok bool)
}

// Member is one field of a struct as it is declared.
type Member[T any] struct {
	Name, Tag          string
	Type               T
	Exported, Embedded bool
}

// Method is a method of a type.
type Method[T any] struct {
	Params, Results []T
	Variadic        bool
	// Declared says that it is declared for the type, and not promoted from a field that the
	// type embeds.
	Declared bool
}

// Pointee is what an unnamed pointer points to.
func Pointee[T any](m Model[T], t T) (elem T, ok bool) {
	if m.Kind(t) != reflect.Pointer || m.Name(t) != "" {
		return elem, false
	}
	return m.Elem(t), true
}

// isScalar reports a bool, a number or a text by its kind.
func isScalar[T any](m Model[T], t T) bool {
	k := m.Kind(t)
	return k >= reflect.Bool && k <= reflect.Float64 && k != reflect.Uintptr || k == reflect.String
}

func isTime[T any](m Model[T], t T) bool { return m.Is(t, "time", "Time") }

func contains[T any](m Model[T], types []T, t T) bool {
	return slices.ContainsFunc(types, func(other T) bool { return m.Same(other, t) })
}
