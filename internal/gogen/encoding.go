package gogen

import (
	"go/types"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/signature"
)

// scalarKinds are the kinds that numbers, bools and texts travel as.
var scalarKinds = map[types.BasicKind]signature.Kind{
	types.Bool: signature.Bool,
	types.Int:  signature.Int64, types.Int8: signature.Int8, types.Int16: signature.Int16, types.Int32: signature.Int32, types.Int64: signature.Int64,
	types.Uint: signature.Uint64, types.Uint8: signature.Uint8, types.Uint16: signature.Uint16, types.Uint32: signature.Uint32, types.Uint64: signature.Uint64,
	types.Float32: signature.Float32, types.Float64: signature.Float64,
	types.String: signature.String,
}

// kindOf returns the kind of a type that travels as a scalar.
func kindOf(form gofields.Form, t types.Type) signature.Kind {
	if form == gofields.AsScalar {
		return scalarKinds[t.Underlying().(*types.Basic).Kind()]
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

// elemOf is what a pointer, a list or a map leads to.
func elemOf(t types.Type) types.Type { return sourceTypes{}.Elem(t) }

// encodesItself reports a type whose values travel in a form of their own, and not by
// their fields, elements or kind.
func encodesItself(t types.Type) bool {
	return gofields.OwnOf(sourceTypes{}, t) != gofields.Own{} || isNumber(t)
}

// isUint8 reports a type lists of which travel as bytes.
func isUint8(t types.Type) bool { return gofields.IsByte(sourceTypes{}, t) }
