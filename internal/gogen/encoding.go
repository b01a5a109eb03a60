package gogen

import (
	"fmt"
	"go/types"
	"strings"

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

// kindsOf are the kinds of what the methods of a pair write.
var kindsOf = map[gofields.Pair]signature.Kind{
	gofields.Msgpack: signature.Any,
	gofields.Raw:     signature.Any,
	gofields.JSON:    signature.Any,
	gofields.Text:    signature.String,
	gofields.Binary:  signature.Bytes,
}

// encodesItself reports a type whose values travel in a form of their own, and not by
// their fields, elements or kind.
func encodesItself(t types.Type) bool {
	return gofields.OwnOf(sourceTypes{}, t) != gofields.Own{} || isNumber(t)
}

// isUint8 reports a type lists of which travel as bytes.
func isUint8(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.Uint8 && !encodesItself(t)
}

// halves says what is wrong with methods of which the other half is missing.
func halves(own gofields.Own, t types.Type) string {
	var halves []string
	if own.Write != gofields.None {
		halves = append(halves, own.Write.Writer()+" without "+own.Write.Reader())
	}
	if own.Read != gofields.None {
		halves = append(halves, own.Read.Reader()+" without "+own.Read.Writer())
	}
	return fmt.Sprintf("%s has %s, so what is written couldn't be read; add the other half", shortType(t), strings.Join(halves, " and "))
}
