package schema

import (
	"slices"
	"strconv"

	"github.com/helium-rpc/helium/signature"
)

// withItems returns the signature of a plain request's arguments: what a method takes as a stream is an
// array behind the others there.
func withItems(m *signature.Method) *signature.Method {
	if m.Sends == nil {
		return m
	}
	with := *m
	items := signature.Param{Name: m.Sends.Name, Type: &signature.Type{Kind: signature.List, Elem: m.Sends.Type}}
	with.Params = append(slices.Clip(m.Params), items)
	return &with
}

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
