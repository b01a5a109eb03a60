package schema

import (
	"bytes"
	"encoding/json"

	"github.com/helium-rpc/helium/internal/visible"
)

// Dialect is the JSON Schema that schemas are written in: draft 2020-12. Those within an
// OpenRPC document keep to what draft 7 has as well, which is OpenRPC's.
const Dialect = "https://json-schema.org/draft/2020-12/schema"

// A Schema is one JSON Schema, with the keywords that Helium's types need. Encoding it
// always gives the same bytes. The zero value holds for every value.
type Schema struct {
	Dialect     string `json:"$schema,omitempty"`
	Ref         string `json:"$ref,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`

	// Type are the JSON types, one or several, such as "integer" or "string" and "null".
	Type Types `json:"type,omitempty"`
	// Format is "date-time", or the width of a number, such as "int8".
	Format string   `json:"format,omitempty"`
	Enum   []string `json:"enum,omitempty"`
	// Const is the one value that fits.
	Const json.RawMessage `json:"const,omitempty"`

	// Pattern and ContentEncoding are those of a string.
	Pattern         string `json:"pattern,omitempty"`
	ContentEncoding string `json:"contentEncoding,omitempty"`

	// Minimum and Maximum are inclusive. Text, because a float64 can't hold those of 64 bits.
	Minimum json.Number `json:"minimum,omitempty"`
	Maximum json.Number `json:"maximum,omitempty"`

	// PrefixItems are the first elements of an array, Items all behind them.
	PrefixItems []*Schema `json:"prefixItems,omitempty"`
	Items       *Schema   `json:"items,omitempty"`
	MinItems    int       `json:"minItems,omitempty"`

	// Properties are the fields of an object, AdditionalProperties all others.
	Properties           Properties `json:"properties,omitempty"`
	Required             []string   `json:"required,omitempty"`
	AdditionalProperties *Schema    `json:"additionalProperties,omitempty"`
	// PropertyNames is what the names of an object's fields must be.
	PropertyNames *Schema `json:"propertyNames,omitempty"`

	AnyOf []*Schema `json:"anyOf,omitempty"`
	AllOf []*Schema `json:"allOf,omitempty"`

	// Defs are the schemas that a Ref to "#/$defs/…" means.
	Defs Properties `json:"$defs,omitempty"`

	never bool // false, the schema of no value
}

// nothing is the schema that no value fits.
func nothing() *Schema { return &Schema{never: true} }

// MarshalJSON writes the keywords that are set, and "false" for the schema of no value.
func (s *Schema) MarshalJSON() ([]byte, error) {
	if s.never {
		return []byte("false"), nil
	}
	type plain Schema // without this method
	return encode((*plain)(s))
}

// Types are the JSON types of a [Schema]. One stands in JSON as a string, several as an
// array of them.
type Types []string

// MarshalJSON writes "integer", or ["integer","null"].
func (t Types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return encode(t[0])
	}
	return encode([]string(t))
}

// Properties are schemas by name, in the order in which they are written.
type Properties []Property

// A Property is one of [Properties].
type Property struct {
	Name   string
	Schema *Schema
}

// MarshalJSON writes an object.
func (p Properties) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, property := range p {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := encode(property.Name)
		if err != nil {
			return nil, err
		}
		value, err := encode(property.Schema)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// encode is json.Marshal, but lets < > & be, as documentation is full of them, and escapes
// what an editor or a terminal would act upon.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return visible.JSON(bytes.TrimSuffix(b.Bytes(), []byte("\n"))), nil
}
