package schema

import (
	"strconv"

	"github.com/helium-rpc/helium/signature"
)

// inOrder returns the schema of m's arguments as an array.
func (w *writer) inOrder(m *signature.Method) *Schema {
	s := &Schema{Type: Types{"array"}, Items: nothing()}
	fixed := m.Params
	if m.Variadic {
		last := len(fixed) - 1
		s.Items = w.of(fixed[last].Type)
		fixed = fixed[:last]
	}
	for _, p := range fixed {
		s.PrefixItems = append(s.PrefixItems, w.of(p.Type))
	}
	s.MinItems = len(fixed)
	return s
}

// byName returns the schema of m's arguments as an object, nil if they have no names.
func (w *writer) byName(m *signature.Method) *Schema {
	s := &Schema{Type: Types{"object"}, AdditionalProperties: nothing()}
	for i, p := range m.Params {
		if p.Name == "" {
			return nil
		}
		s.Properties = append(s.Properties, Property{p.Name, w.argument(m, i)})
		if !mayBeLeftOut(m, i) {
			s.Required = append(s.Required, p.Name)
		}
	}
	return s
}

// argument returns the schema of what the i-th parameter takes under its name: of an
// array, or null, if it repeats.
func (w *writer) argument(m *signature.Method, i int) *Schema {
	t := w.of(m.Params[i].Type)
	if repeats(m, i) {
		return orNull(&Schema{Type: Types{"array"}, Items: t})
	}
	return t
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
