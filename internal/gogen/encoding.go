package gogen

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/signature"
)

var (
	errorType = types.Universe.Lookup("error").Type()
	byteSlice = types.NewSlice(types.Typ[types.Byte])
)

// methodShapes tell whether the methods that count for how a type travels have the
// parameters and results that they should have.
var methodShapes = map[string]func(*types.Signature) bool{
	"EncodeMsgpack":    takesMsgpack("Encoder"),
	"DecodeMsgpack":    takesMsgpack("Decoder"),
	"MarshalMsgpack":   returnsBytes,
	"UnmarshalMsgpack": takesBytes,
	"MarshalJSON":      returnsBytes,
	"UnmarshalJSON":    takesBytes,
	"MarshalText":      returnsBytes,
	"UnmarshalText":    takesBytes,
	"MarshalBinary":    returnsBytes,
	"UnmarshalBinary":  takesBytes,
	"IsZero":           isPredicate,
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

// returnsBytes reports func() ([]byte, error).
func returnsBytes(f *types.Signature) bool {
	return f.Params().Len() == 0 && f.Results().Len() == 2 &&
		types.Identical(f.Results().At(0).Type(), byteSlice) && types.Identical(f.Results().At(1).Type(), errorType)
}

// takesBytes reports func([]byte) error.
func takesBytes(f *types.Signature) bool {
	return !f.Variadic() && f.Params().Len() == 1 && f.Results().Len() == 1 &&
		types.Identical(f.Params().At(0).Type(), byteSlice) && types.Identical(f.Results().At(0).Type(), errorType)
}

// takesMsgpack reports func(*msgpack.<parameter>) error.
func takesMsgpack(parameter string) func(*types.Signature) bool {
	return func(f *types.Signature) bool {
		if f.Params().Len() != 1 || f.Results().Len() != 1 || !types.Identical(f.Results().At(0).Type(), errorType) {
			return false
		}
		p, ok := types.Unalias(f.Params().At(0).Type()).(*types.Pointer)
		return ok && isNamed(p.Elem(), "github.com/vmihailenco/msgpack/v5", parameter)
	}
}

// isNamed reports the type of that name in the package of that path.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}

// isNumber reports a text that stands for a number in JSON, and so travels as one.
func isNumber(t types.Type) bool { return isNamed(t, "encoding/json", "Number") }

func isTime(t types.Type) bool    { return isNamed(t, "time", "Time") }
func isContext(t types.Type) bool { return isNamed(t, "context", "Context") }
func isError(t types.Type) bool   { return types.Identical(t, errorType) }

// shortType writes a type for people: with the names of packages, not their paths.
func shortType(t types.Type) string {
	return cut(types.TypeString(t, func(p *types.Package) string { return p.Name() }))
}

// cut bounds what a message repeats of the source.
func cut(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}

// isPredicate reports func() bool.
func isPredicate(f *types.Signature) bool {
	return f.Params().Len() == 0 && f.Results().Len() == 1 && types.Identical(f.Results().At(0).Type(), types.Typ[types.Bool])
}
