package schema

import (
	"github.com/helium-rpc/helium/signature"
)

// Arguments returns the JSON Schema of the arguments of a plain request to m: an array
// in order or, if the parameters have names, an object by name. What m takes as a stream is an array there.
func Arguments(m *signature.Method) *Schema {
	m = withItems(m)
	w := newSchemaWriter("#/$defs/", nil)
	s := inOrder(w, m)
	if named := byName(w, m); named != nil {
		s = &Schema{AnyOf: []*Schema{s, named}}
	}
	return w.document(s)
}

// inOrder returns the schema of m's arguments as an array.
func inOrder(w *schemaWriter, m *signature.Method) *Schema {
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
func byName(w *schemaWriter, m *signature.Method) *Schema {
	s := &Schema{Type: Types{"object"}, AdditionalProperties: nothing()}
	for i, p := range m.Params {
		if p.Name == "" {
			return nil
		}
		s.Properties = append(s.Properties, Property{p.Name, argument(w, m, i)})
		if !mayBeLeftOut(m, i) {
			s.Required = append(s.Required, p.Name)
		}
	}
	return s
}

// argument returns the schema of what the i-th parameter takes under its name: of an
// array, or null, if it repeats.
func argument(w *schemaWriter, m *signature.Method, i int) *Schema {
	t := w.of(m.Params[i].Type)
	if repeats(m, i) {
		return orNull(&Schema{Type: Types{"array"}, Items: t})
	}
	return t
}
