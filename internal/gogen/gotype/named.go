package gotype

import (
	"go/types"

	"github.com/helium-rpc/helium/internal/gogen/source"
)

// ByteSlice is []byte.
var ByteSlice = types.NewSlice(types.Typ[types.Byte])

var errorType = types.Universe.Lookup("error").Type()

// IsNamed reports the type of that name in the package of that path.
func IsNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path && named.Obj().Name() == name
}

// isNumber reports a text that stands for a number in JSON, and so travels as one.
func isNumber(t types.Type) bool { return IsNamed(t, "encoding/json", "Number") }

// IsTime reports time.Time.
func IsTime(t types.Type) bool { return IsNamed(t, "time", "Time") }

// IsContext reports context.Context.
func IsContext(t types.Type) bool { return IsNamed(t, "context", "Context") }

// IsError reports Go's error.
func IsError(t types.Type) bool { return types.Identical(t, errorType) }

// HasTypeParams reports a generic type without type arguments.
func HasTypeParams(t types.Type) bool {
	switch t := t.(type) {
	case *types.Alias:
		return t.TypeParams().Len() > 0 || HasTypeParams(types.Unalias(t))
	case *types.Named:
		return t.TypeParams().Len() > t.TypeArgs().Len()
	}
	return false
}

// ShortType writes a type for people: with the names of packages, not their paths.
func ShortType(t types.Type) string {
	return source.Cut(types.TypeString(t, func(p *types.Package) string { return p.Name() }))
}
