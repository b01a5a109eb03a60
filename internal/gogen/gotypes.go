package gogen

import "go/types"

var (
	errorType = types.Universe.Lookup("error").Type()
	byteSlice = types.NewSlice(types.Typ[types.Byte])
)

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

// hasTypeParams reports a generic type without type arguments.
func hasTypeParams(t types.Type) bool {
	switch t := t.(type) {
	case *types.Alias:
		return t.TypeParams().Len() > 0 || hasTypeParams(types.Unalias(t))
	case *types.Named:
		return t.TypeParams().Len() > t.TypeArgs().Len()
	}
	return false
}

// shortType writes a type for people: with the names of packages, not their paths.
func shortType(t types.Type) string {
	return cut(types.TypeString(t, func(p *types.Package) string { return p.Name() }))
}
