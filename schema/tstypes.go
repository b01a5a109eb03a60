package schema

import (
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/internal/visible"
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

// tsDefinition declares a named type. An interface can lead back to itself, and tools
// show it by its name.
func tsDefinition(t *signature.Type, names map[string]string) string {
	name := names[t.Name]
	if t.IsEnum() {
		return tsEnum(t, names)
	}
	comment := tsComment("", docAnd(t.Doc, t.Name+" = "+t.Definition()))
	if t.Kind == signature.List {
		return comment + "export type " + name + " = " + tsShape(t, names, "") + ";\n"
	}
	return comment + "export interface " + name + " " + tsShape(t, names, "  ") + "\n"
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

// identifier is what needs no quotes as a property's name.
var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// tsProperty returns the name of a field or a method as it stands in a type or a class.
func tsProperty(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return tsString(name)
}

// tsString returns a string literal.
func tsString(s string) string {
	text, err := encode(s)
	if err != nil {
		return `""` // can't be: it is a string
	}
	return string(text)
}

// tsComment returns a documentation comment with the lines of text, nothing if there
// are none. Nothing in the text ends it.
func tsComment(indent, text string) string {
	text = strings.TrimSpace(shown(text))
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(text, "*/", `*\/`)
	lines := strings.Split(text, "\n")
	if len(lines) == 1 {
		return "/** " + lines[0] + " */\n" + indent
	}
	var b strings.Builder
	b.WriteString("/**\n")
	for _, line := range lines {
		b.WriteString(strings.TrimRight(indent+" * "+line, " ") + "\n")
	}
	b.WriteString(indent + " */\n" + indent)
	return b.String()
}

// blanks are written as a blank in a comment, and ends of lines as one end.
var blanks = strings.NewReplacer("\t", " ", "\r\n", "\n")

// shown returns the text of a comment, with what an editor or a terminal would act upon,
// and what else ends a line in JavaScript, as escapes.
func shown(text string) string { return visible.Text(blanks.Replace(text)) }
