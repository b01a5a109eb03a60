package gotype

import (
	"go/types"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/signature"
)

// ScalarKinds are the kinds that numbers, bools and texts travel as.
var ScalarKinds = map[types.BasicKind]signature.Kind{
	types.Bool: signature.Bool,
	types.Int:  signature.Int64, types.Int8: signature.Int8, types.Int16: signature.Int16, types.Int32: signature.Int32, types.Int64: signature.Int64,
	types.Uint: signature.Uint64, types.Uint8: signature.Uint8, types.Uint16: signature.Uint16, types.Uint32: signature.Uint32, types.Uint64: signature.Uint64,
	types.Float32: signature.Float32, types.Float64: signature.Float64,
	types.String: signature.String,
}

// KindOf returns the kind of a type that travels as a scalar.
func KindOf(form gofields.Form, t types.Type) signature.Kind {
	if form == gofields.AsScalar {
		return ScalarKinds[t.Underlying().(*types.Basic).Kind()]
	}
	return formKinds[form]
}

var formKinds = map[gofields.Form]signature.Kind{
	gofields.AsTime:     signature.Time,
	gofields.AsDuration: signature.Duration,
	gofields.AsText:     signature.String,
	gofields.AsBytes:    signature.Bytes,
	gofields.AsAny:      signature.Any,
}

// ElemOf is what a pointer, a list or a map leads to.
func ElemOf(t types.Type) types.Type { return Model{}.Elem(t) }

// EncodesItself reports a type whose values travel in a form of their own, and not by
// their fields, elements or kind.
func EncodesItself(t types.Type) bool {
	return gofields.OwnOf(Model{}, t) != gofields.Own{} || isNumber(t)
}

// IsUint8 reports a type lists of which travel as bytes.
func IsUint8(t types.Type) bool { return gofields.IsByte(Model{}, t) }
