package schema

import (
	"strings"

	"github.com/helium-rpc/helium/signature"
)

// tsType returns the TypeScript type of values of t, as a client gives them. names
// tells what named types are called.
//
//	bool                  boolean
//	int64, uint64         Int64, which is number | bigint
//	all other numbers     number
//	string, bytes, time,
//	duration              string
//	any                   unknown
//	[]T                   T[]
//	map[K]V               { [key: string]: V }
//	T?                    T | null
//	{a T, b U?}           { a: T; b?: U | null }
func tsType(t *signature.Type, names map[string]string) string {
	if t != nil && t.Name != "" {
		return names[t.Name]
	}
	return tsShape(t, names, "")
}

// tsShape is tsType without regard to t's own name. Fields go on lines of their own,
// indented, if indent isn't "".
func tsShape(t *signature.Type, names map[string]string, indent string) string {
	if t == nil {
		return "unknown"
	}
	switch t.Kind {
	case signature.Bool:
		return "boolean"
	case signature.Int8, signature.Int16, signature.Int32, signature.Uint8, signature.Uint16, signature.Uint32,
		signature.Float32, signature.Float64:
		return "number"
	case signature.Int64, signature.Uint64:
		return "Int64"
	case signature.String, signature.Bytes, signature.Time, signature.Duration:
		return "string"
	case signature.List:
		elem := tsType(t.Elem, names)
		if isOptional(t.Elem) {
			elem = "(" + elem + ")"
		}
		return elem + "[]"
	case signature.Map:
		return tsFields([]string{"[key: string]: " + tsType(t.Elem, names)}, indent)
	case signature.Optional:
		return tsType(t.Elem, names) + " | null"
	case signature.Struct:
		fields := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = tsProperty(f.Name)
			if mayBeNull(f.Type) {
				fields[i] += "?"
			}
			fields[i] += ": " + tsType(f.Type, names)
			if indent != "" {
				fields[i] = tsComment(indent, docAnd(f.Doc, form(f.Type))) + fields[i]
			}
		}
		return tsFields(fields, indent)
	}
	return "unknown"
}

func isOptional(t *signature.Type) bool {
	return t != nil && t.Name == "" && t.Kind == signature.Optional
}

// tsFields joins the members of an object type: on one line, or on one each.
func tsFields(fields []string, indent string) string {
	switch {
	case len(fields) == 0:
		return "{ [key: string]: never }"
	case indent == "":
		return "{ " + strings.Join(fields, "; ") + " }"
	}
	return "{\n" + indent + strings.Join(fields, ";\n"+indent) + ";\n}"
}

// form says of a type what TypeScript's doesn't, "" if that says it all.
func form(t *signature.Type) string {
	if isOptional(t) {
		t = t.Elem
	}
	if t == nil || t.Name != "" {
		return ""
	}
	switch t.Kind {
	case signature.Bytes, signature.Time, signature.Duration, signature.Float32:
		return forms[t.Kind]
	case signature.List:
		if inner := form(t.Elem); inner != "" {
			return "Each: " + inner
		}
	case signature.Map:
		key := "Keys: " + t.Key.String() + "."
		if t.Key.Kind == signature.String {
			key = ""
		}
		if inner := form(t.Elem); inner != "" {
			return strings.TrimSpace(key + " Values: " + inner)
		}
		return key
	}
	if _, ok := integers[t.Kind]; ok {
		return t.Kind.String() + "."
	}
	return ""
}

var forms = map[signature.Kind]string{
	signature.Bytes:    "Bytes in base64.",
	signature.Time:     "A time as in RFC 3339.",
	signature.Duration: "A duration, such as 1h30m.",
	signature.Float32:  "float32.",
}
