package signature

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Type is a type as it travels. It is a graph: a named type can lead back to itself.
// Types are shared; don't change one.
type Type struct {
	// Kind says which of the other fields are set.
	Kind Kind
	// Name is the name of a named type, "" for the others. Only structs, lists and
	// maps can be named, and enums.
	Name string
	// Doc says what a named type is for, if that is known; see [Types.Describe].
	Doc string
	// Key is the type of a map's keys: bool, an integer, a duration, string or bytes.
	Key *Type
	// Elem is the type of a list's elements, of a map's values, or of what an
	// optional type is when it isn't null.
	Elem *Type
	// Fields are the fields of a struct, in the order in which they were declared.
	Fields []Field
	// Values are those of an enum that have names.
	Values []Value
}

// Field is a field of a struct.
type Field struct {
	// Name is the field's name on the wire, unique in its struct, not empty.
	Name string
	// Type is the type of its values. An [Optional] one may be left out.
	Type *Type
	// Doc says what the field is for, if that is known.
	Doc string
}

// A Value is one of the values that an enum names.
type Value struct {
	// Name is what the service's own language calls it, such as "Red".
	Name string
	// JSON is the value as it stands in the JSON of a plain request.
	JSON json.RawMessage
	// Doc says what it means. May be empty.
	Doc string
}

// scalars holds the one Type of each kind that has no parts, by its word.
var scalars = func() map[string]*Type {
	m := make(map[string]*Type)
	for k := Bool; k <= Any; k++ {
		m[k.String()] = &Type{Kind: k}
	}
	return m
}()

func scalar(k Kind) *Type { return scalars[k.String()] }

// optional returns t?, in its one spelling: what may be null already stays as it is.
func optional(t *Type) *Type {
	if t.Kind == Optional || t.Kind == Any {
		return t
	}
	return &Type{Kind: Optional, Elem: t}
}

// IsEnum reports a type that [ParseTypesWithEnums] made of an enum's name.
func (t *Type) IsEnum() bool { return t != nil && t.Name != "" && t.Kind.mayBeEnum() }

// String returns the type in Helium's notation: a named type as its name, any other
// in full.
func (t *Type) String() string { return string(t.appendTo(nil, 0)) }

// Definition returns what a named type's name stands for, such as
// "{x float64, y float64}", and the same as String for any other type.
func (t *Type) Definition() string {
	unnamed := *t
	unnamed.Name = ""
	return unnamed.String()
}

func (t *Type) appendTo(b []byte, depth int) []byte {
	switch {
	case t == nil || depth > 2*MaxDepth:
		// Neither is ever parsed or made from a Go type; built by hand it must
		// still not crash what prints it.
		return append(b, "…"...)
	case t.Name != "":
		return append(b, t.Name...)
	}
	depth++
	switch t.Kind {
	case List:
		return t.Elem.appendTo(append(b, "[]"...), depth)
	case Map:
		b = t.Key.appendTo(append(b, "map["...), depth)
		return t.Elem.appendTo(append(b, ']'), depth)
	case Optional:
		// "[]T?" is a list of optional elements, so an optional list needs parentheses.
		if e := t.Elem; e != nil && e.Name == "" && (e.Kind == List || e.Kind == Map) {
			b = e.appendTo(append(b, '('), depth)
			return append(b, ")?"...)
		}
		return append(t.Elem.appendTo(b, depth), '?')
	case Struct:
		b = append(b, '{')
		for i, f := range t.Fields {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = append(appendName(b, f.Name), ' ')
			b = f.Type.appendTo(b, depth)
		}
		return append(b, '}')
	}
	return append(b, t.Kind.String()...)
}

// withoutEnums copies t as far as no name stands for it: that is how deep its text goes.
func withoutEnums(t *Type) *Type {
	switch {
	case t == nil:
		return nil
	case t.IsEnum():
		return scalar(t.Kind)
	case t.Name != "":
		return t
	}
	plain := *t
	plain.Key, plain.Elem = withoutEnums(t.Key), withoutEnums(t.Elem)
	plain.Fields = slices.Clone(t.Fields)
	for i := range plain.Fields {
		plain.Fields[i].Type = withoutEnums(t.Fields[i].Type)
	}
	return &plain
}

// appendName writes the name of a field or parameter: bare where it can be, else as
// a JSON string. A bare "map" would look like the beginning of a map type.
func appendName(b []byte, name string) []byte {
	if isIdentifier(name) && name != "map" {
		return append(b, name...)
	}
	var quoted bytes.Buffer
	enc := json.NewEncoder(&quoted)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(name); err != nil {
		return append(b, "…"...) // can't be: any string encodes
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}

// isIdentifier reports whether s matches [A-Za-z_][A-Za-z0-9_]*.
func isIdentifier(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) || i == 0 && '0' <= s[0] && s[0] <= '9' {
			return false
		}
	}
	return s != ""
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}
