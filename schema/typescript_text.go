package schema

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/signature"
)

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

// tsKey returns the name of a field as a key in an object, which "__proto__" alone isn't.
func tsKey(name string) string {
	if name == "__proto__" {
		return `["__proto__"]`
	}
	return tsProperty(name)
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
	if (kind == signature.Int64 || kind == signature.Uint64) && comesAsBigint(n) {
		return n.String() + "n", true
	}
	return n.String(), true
}

// comesAsBigint reports whether clients make a bigint of an integer: a number can't hold it, or would print as another.
func comesAsBigint(n *big.Int) bool {
	number, accuracy := new(big.Float).SetInt(n).Float64()
	return accuracy != big.Exact || strconv.FormatFloat(number, 'f', -1, 64) != n.String()
}
