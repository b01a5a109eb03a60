package schema

import (
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

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

// tsEnum declares an enum: the union of its values that have names and of all others, which
// an editor offers the first of.
func tsEnum(t *signature.Type, names map[string]string) string {
	base := tsShape(&signature.Type{Kind: t.Kind}, nil, "")
	var b strings.Builder
	b.WriteString(tsComment("", docAnd(t.Doc, t.Name+" = "+t.Definition()+namedValues(t))) + "export type " + names[t.Name] + " =")
	if t.Kind == signature.Bool {
		b.WriteString(" boolean;\n")
		return b.String()
	}
	var written []string
	for _, v := range t.Values {
		literal, ok := tsLiteral(t.Kind, v.JSON)
		if !ok || slices.Contains(written, literal) {
			continue
		}
		written = append(written, literal)
		b.WriteString("\n  " + tsComment("  ", docAnd(commentLine(v.Name)+".", v.Doc)) + "| " + literal)
	}
	if written == nil {
		b.WriteString(" " + base + ";\n")
	} else {
		b.WriteString("\n  | (" + base + " & {});\n")
	}
	return b.String()
}

// namedValues says that an enum is open.
func namedValues(t *signature.Type) string {
	if len(t.Values) == 0 || t.Kind == signature.Bool {
		return ""
	}
	return "\nThere may be more values than have names."
}
