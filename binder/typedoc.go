package binder

import (
	"encoding/json"
	"maps"

	"github.com/helium-rpc/helium/signature"
)

// A TypeDoc says of a named type what its shape can't. A reader can do without.
type TypeDoc struct {
	// Doc says what the type is for.
	Doc string `json:"doc,omitempty"`
	// Fields say what its fields are for, by their names.
	Fields map[string]string `json:"fields,omitempty"`
	// WithEnums is the type's shape with the names of enums in it, if it has some.
	WithEnums string `json:"with_enums,omitempty"`
}

// An Enum is a type of which some values have names. It is open: there may be others.
type Enum struct {
	// Type is that of its values: "bool", one of the integers or "string".
	Type string `json:"type"`
	// Doc says what the type is for.
	Doc string `json:"doc,omitempty"`
	// Values are those that have names.
	Values []EnumValue `json:"values"`
}

// An EnumValue is one of the values of an [Enum].
type EnumValue struct {
	// Name is what the service's own language calls it, such as "Red".
	Name string `json:"name"`
	// Value is the value as it stands in the JSON of a plain request.
	Value json.RawMessage `json:"value"`
	// Doc says what it means.
	Doc string `json:"doc,omitempty"`
}

// ReadTypes returns the record's named types with all that is said of them, and with its
// enums where what it says of these agrees with the types. The error says which type can't
// be read.
func (r *Record) ReadTypes() (*signature.Types, error) {
	types, err := signature.ParseTypes(r.Types)
	if err != nil {
		return nil, err
	}
	types = r.withEnums(types)
	for name, doc := range r.TypeDocs {
		types.Describe(name, doc.Doc, doc.Fields, nil)
	}
	for name, enum := range r.Enums {
		values := make([]signature.Value, 0, len(enum.Values))
		for _, v := range enum.Values {
			if isScalar(v.Value) {
				values = append(values, signature.Value{Name: v.Name, JSON: v.Value, Doc: v.Doc})
			}
		}
		if r.Types[name] == "" {
			types.Describe(name, enum.Doc, nil, values)
		}
	}
	return types, nil
}

// isScalar reports a text, a number or a bool of JSON.
func isScalar(value json.RawMessage) bool {
	return len(value) > 0 && value[0] != '{' && value[0] != '[' && string(value) != "null" && json.Valid(value)
}

// withEnums returns the types with the enums in them, or those given if what the record says
// isn't the same without the enums.
func (r *Record) withEnums(plain *signature.Types) *signature.Types {
	if len(r.Enums) == 0 {
		return plain
	}
	defs := maps.Clone(r.Types)
	for name, doc := range r.TypeDocs {
		if defs[name] != "" && doc.WithEnums != "" {
			defs[name] = doc.WithEnums
		}
	}
	enums := make(map[string]string, len(r.Enums))
	for name, enum := range r.Enums {
		enums[name] = enum.Type
	}
	types, err := signature.ParseTypesWithEnums(defs, enums)
	if err != nil || !maps.Equal(types.WithoutEnums(), plain.Definitions()) {
		return plain
	}
	return types
}

// Read returns the method's signature, with its enums where what it says of these agrees.
// Types are the record's, see [Record.ReadTypes].
func (m *Method) Read(types *signature.Types) (*signature.Method, error) {
	plain, err := types.Parse(m.Signature)
	if err != nil || m.WithEnums == "" {
		return plain, err
	}
	named, err := types.Parse(m.WithEnums)
	if err != nil || named.WithoutEnums().String() != plain.WithoutEnums().String() {
		return plain, nil
	}
	return named, nil
}
