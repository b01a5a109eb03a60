package schema

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/helium-rpc/helium/signature"
)

// Of returns the JSON Schema of a type as its values stand in the JSON of a plain
// request; nil stands for any. It is a document of its own: named types are among its
// $defs.
//
// Whatever Helium writes for the type fits the schema, and what fits it Helium reads,
// but for the range of numbers that are keys and of durations. docs/schema.md has the table.
func Of(t *signature.Type) *Schema {
	w := newSchemaWriter("#/$defs/", nil)
	return w.document(w.of(t))
}

// Result returns the JSON Schema of m's result, null if it has none. That of a method that returns a stream
// is an array of its items, which come one by one; each fits [Item].
func Result(m *signature.Method) *Schema {
	w := newSchemaWriter("#/$defs/", nil)
	return w.document(w.result(m))
}

// Item returns the JSON Schema of each item of the stream that m returns, of no value if it returns none.
func Item(m *signature.Method) *Schema {
	if m.Yields == nil {
		return nothing()
	}
	return Of(m.Yields)
}

// result returns the schema of what comes back.
func (w *schemaWriter) result(m *signature.Method) *Schema {
	switch {
	case m.Yields != nil:
		return &Schema{Type: Types{"array"}, Items: w.of(m.Yields)}
	case m.Result == nil:
		return &Schema{Type: Types{"null"}}
	}
	return w.of(m.Result)
}

// schemaWriter turns types into schemas and remembers which named types they refer to.
type schemaWriter struct {
	prefix string                   // of references
	rename func(name string) string // of named types; nil keeps them
	named  map[string]*signature.Type
	todo   []*signature.Type // named types met and not written yet
}

func newSchemaWriter(prefix string, rename func(string) string) *schemaWriter {
	return &schemaWriter{prefix: prefix, rename: rename, named: make(map[string]*signature.Type)}
}

// document makes s a document that stands alone.
func (w *schemaWriter) document(s *Schema) *Schema {
	s.Dialect = Dialect
	s.Defs = w.definitions()
	return s
}

// definitions returns the schemas of all named types that were referred to, those
// included that only they refer to, by name.
func (w *schemaWriter) definitions() Properties {
	var defs Properties
	for len(w.todo) > 0 {
		t := w.todo[0]
		w.todo = w.todo[1:]
		s := w.shape(t)
		s.Title, s.Description = t.Name, t.Doc
		if t.IsEnum() {
			enumeration(s, t)
		}
		defs = append(defs, Property{w.name(t), s})
	}
	slices.SortFunc(defs, func(a, b Property) int { return cmp.Compare(a.Name, b.Name) })
	return defs
}

func (w *schemaWriter) name(t *signature.Type) string {
	if w.rename != nil {
		return w.rename(t.Name)
	}
	return t.Name
}

// of returns the schema of t: a reference if it has a name.
func (w *schemaWriter) of(t *signature.Type) *Schema {
	if t == nil || t.Name == "" {
		return w.shape(t)
	}
	if _, met := w.named[t.Name]; !met {
		w.named[t.Name] = t
		w.todo = append(w.todo, t)
	}
	return &Schema{Ref: w.prefix + w.name(t)}
}

// integers are the ranges of the integer types.
var integers = map[signature.Kind]struct{ least, most json.Number }{
	signature.Int8:   {"-128", "127"},
	signature.Int16:  {"-32768", "32767"},
	signature.Int32:  {"-2147483648", "2147483647"},
	signature.Int64:  {"-9223372036854775808", "9223372036854775807"},
	signature.Uint8:  {"0", "255"},
	signature.Uint16: {"0", "65535"},
	signature.Uint32: {"0", "4294967295"},
	signature.Uint64: {"0", "18446744073709551615"},
}

// greatestFloat32 is the largest float32 in the digits that it is written with, which
// are a little more than its value.
const greatestFloat32 = "3.4028235e+38"

// base64Text is base64 in the standard alphabet, padded, with zeros for spare bits: how
// bytes are written. Readers take more.
const base64Text = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?$"

// durationText is how durations are written, and more. A pattern can bound how many digits
// there are, not how long it is.
const durationText = `^-?([0-9]{1,7}(\.[0-9]{1,9})?(h|m|s|ms|us|µs|ns))+$|^0$`

// shape returns the schema of what t is, whatever its name.
func (w *schemaWriter) shape(t *signature.Type) *Schema {
	if t == nil {
		return &Schema{}
	}
	if r, ok := integers[t.Kind]; ok {
		return &Schema{Type: Types{"integer"}, Format: t.Kind.String(), Minimum: r.least, Maximum: r.most}
	}
	switch t.Kind {
	case signature.Bool:
		return &Schema{Type: Types{"boolean"}}
	case signature.Float32:
		return &Schema{Type: Types{"number"}, Format: "float", Minimum: "-" + greatestFloat32, Maximum: greatestFloat32}
	case signature.Float64:
		return &Schema{Type: Types{"number"}, Format: "double"}
	case signature.String:
		return &Schema{Type: Types{"string"}}
	case signature.Bytes:
		return &Schema{Type: Types{"string"}, ContentEncoding: "base64", Pattern: base64Text}
	case signature.Time:
		return &Schema{Type: Types{"string"}, Format: "date-time"}
	case signature.Duration:
		// Not the format "duration", which is another spelling of it.
		r := integers[signature.Int64]
		return &Schema{
			Description: "a duration, such as 1h30m, or a number of nanoseconds",
			Type:        Types{"string", "integer"}, Pattern: durationText, Minimum: r.least, Maximum: r.most,
		}
	case signature.List:
		return &Schema{Type: Types{"array"}, Items: w.of(t.Elem)}
	case signature.Map:
		return &Schema{Type: Types{"object"}, PropertyNames: keyText(t.Key), AdditionalProperties: w.of(t.Elem)}
	case signature.Optional:
		return orNull(w.of(t.Elem))
	case signature.Struct:
		return w.structure(t)
	}
	return &Schema{} // any
}

func (w *schemaWriter) structure(t *signature.Type) *Schema {
	s := &Schema{Type: Types{"object"}, AdditionalProperties: nothing()}
	for _, f := range t.Fields {
		s.Properties = append(s.Properties, Property{f.Name, documented(w.of(f.Type), f.Doc)})
		if !mayBeNull(f.Type) {
			s.Required = append(s.Required, f.Name)
		}
	}
	return s
}

// documented returns the schema with a description. Beside a reference, draft 7 knows none.
func documented(s *Schema, doc string) *Schema {
	switch {
	case doc == "":
	case s.Ref != "":
		return &Schema{Description: doc, AllOf: []*Schema{s}}
	case s.Description != "":
		s.Description = docAnd(doc, s.Description)
	default:
		s.Description = doc
	}
	return s
}

// orNull returns the schema of what fits s, or null.
func orNull(s *Schema) *Schema {
	if len(s.Type) == 0 {
		return &Schema{AnyOf: []*Schema{s, {Type: Types{"null"}}}}
	}
	s.Type = append(s.Type, "null")
	return s
}

// keyText returns the schema of the text that a map's key of type t stands as. All keys
// are text already, so a string needs none. A pattern can bound how many digits a number
// has, not how large it is.
func keyText(t *signature.Type) *Schema {
	switch t.Kind {
	case signature.Bool:
		return &Schema{Enum: []string{"true", "false"}}
	case signature.Bytes:
		return &Schema{Pattern: base64Text}
	case signature.Duration:
		return &Schema{Pattern: durationText + `|^-?[1-9][0-9]{0,18}$`}
	case signature.String:
		return nil
	}
	r, ok := integers[t.Kind]
	if !ok {
		return nil // any: a text is one
	}
	sign := "-?"
	if r.least == "0" {
		sign = ""
	}
	digits := strconv.Itoa(len(r.most) - 1) // behind the first
	return &Schema{Pattern: "^(0|" + sign + "[1-9][0-9]{0," + digits + "})$"}
}

// enumeration adds the values that have names to the schema of an enum. It is open: a
// service may send others, above all a newer one, so that any value of the type fits.
func enumeration(s *Schema, t *signature.Type) {
	for _, v := range t.Values {
		s.AnyOf = append(s.AnyOf, &Schema{Const: v.JSON, Title: v.Name, Description: v.Doc})
	}
	if s.AnyOf != nil {
		s.AnyOf = append(s.AnyOf, &Schema{Description: "Any other value: there may be more than have names."})
	}
}
