package schema

import (
	"strconv"

	"github.com/helium-rpc/helium/signature"
)

// repeats reports whether the i-th parameter is the one that repeats.
func repeats(m *signature.Method, i int) bool { return m.Variadic && i == len(m.Params)-1 }

// mayBeLeftOut reports whether an object of arguments needs no i-th one.
func mayBeLeftOut(m *signature.Method, i int) bool {
	return repeats(m, i) || mayBeNull(m.Params[i].Type)
}

// argumentName returns a name for the i-th parameter, if need be one of its place.
func argumentName(m *signature.Method, i int) string {
	if name := m.Params[i].Name; name != "" {
		return name
	}
	return "arg" + strconv.Itoa(i+1)
}

// mayBeNull reports whether a value of type t can be null, and so be left out.
func mayBeNull(t *signature.Type) bool {
	return t == nil || t.Kind == signature.Optional || t.Kind == signature.Any
}
