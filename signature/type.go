package signature

import (
	"bytes"
	"encoding/json"
)

// Limits on what is parsed, and on what is made from Go types, so that what one side
// makes the other side reads. They bound the work that hostile text can cause.
const (
	// MaxLength is how long one signature or one definition may be, in bytes.
	MaxLength = 64 << 10
	// MaxDefinitions is how long all definitions of a service may be together, in bytes.
	MaxDefinitions = 1 << 20
	// MaxTypes is how many named types a service may have.
	MaxTypes = 1000
	// MaxDepth is how deep types may nest within one signature or definition.
	MaxDepth = 32
	// MaxName is how long the name of a method or of a type may be, in bytes.
	MaxName = 64
)

// Kind says what a [Type] is.
type Kind uint8

// The kinds of types. Their zero value is no kind at all, so that a Type that
// nobody filled in doesn't pass for something.
const (
	_ Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float32
	Float64
	String   // UTF-8 text
	Bytes    // msgpack bin
	Time     // a moment, to the nanosecond: msgpack extension -1
	Duration // a length of time in nanoseconds: an integer of 64 bits
	Any      // any value, null included
	List     // []Elem
	Map      // map[Key]Elem
	Optional // Elem?: an Elem or null
	Struct   // {Fields}: a map from field names to values
)

var kindNames = [...]string{
	Bool: "bool",
	Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64",
	Uint8: "uint8", Uint16: "uint16", Uint32: "uint32", Uint64: "uint64",
	Float32: "float32", Float64: "float64",
	String: "string", Bytes: "bytes", Time: "time", Duration: "duration", Any: "any",
	List: "list", Map: "map", Optional: "optional", Struct: "struct",
}

// String returns the word of the notation for a kind without parts, such as
// "float64", and "list", "map", "optional" or "struct" for one with parts.
func (k Kind) String() string {
	if int(k) < len(kindNames) && kindNames[k] != "" {
		return kindNames[k]
	}
	return "invalid"
}

// Numeric reports whether k is one of the ten kinds of numbers or a duration, which is a
// number of nanoseconds. All of them fit each other.
func (k Kind) Numeric() bool { return k >= Int8 && k <= Float64 || k == Duration }

// mayBeKey reports whether k can be the key of a map. Floats can't (NaN is never
// found again), nor can what msgpack decoders of many languages can't hash.
func (k Kind) mayBeKey() bool {
	return k == Bool || k >= Int8 && k <= Uint64 || k == String || k == Bytes || k == Duration
}

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
