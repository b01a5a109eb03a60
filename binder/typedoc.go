package binder

import "encoding/json"

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
