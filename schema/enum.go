package schema

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

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

// tsLiteral writes a value of an enum in TypeScript, and false if it isn't of that kind.
func tsLiteral(kind signature.Kind, value json.RawMessage) (string, bool) {
	var text string
	switch isText := json.Unmarshal(value, &text) == nil; {
	case kind == signature.String:
		return tsString(text), isText
	case kind == signature.Bool || isText:
		return "", false
	}
	n, ok := new(big.Int).SetString(string(value), 10)
	if !ok {
		return "", false
	}
	if kind == signature.Int64 || kind == signature.Uint64 {
		if limit := big.NewInt(1 << 53); n.CmpAbs(limit) >= 0 {
			return n.String() + "n", true
		}
	}
	return n.String(), true
}

// docAnd joins a comment and what follows it.
func docAnd(doc, more string) string {
	doc, more = strings.TrimSpace(doc), strings.TrimSpace(more)
	if doc == "" || more == "" {
		return doc + more
	}
	return doc + "\n\n" + more
}
