package arguments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/shell"
	"github.com/helium-rpc/helium/internal/visible"
	"github.com/helium-rpc/helium/signature"
)

// textArgument returns the word of "helium call" for a text: as it is if it means itself
// there, else in JSON.
func textArgument(m *signature.Method, text string) string {
	switch {
	case strings.HasPrefix(text, "-"), strings.HasPrefix(text, ":="), naming(m, text) != nil, visible.Line(text) != text:
		var asJSON bytes.Buffer
		enc := json.NewEncoder(&asJSON)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(text) // text can be
		return jsonArgument(asJSON.Bytes())
	}
	return text
}

// jsonArgument returns the word of "helium call" for a value in JSON, on one line.
func jsonArgument(value []byte) string {
	return ":=" + OneLine(value)
}

// OneLine returns JSON of the same value without ends of lines, or what a terminal acts
// upon.
func OneLine(value []byte) string {
	var compact bytes.Buffer
	if json.Compact(&compact, value) == nil {
		value = compact.Bytes()
	}
	return string(visible.JSON(value))
}

// Try returns a command that calls a method, such as "math.add": by its example, if it has
// one, or with placeholders that stand for nothing but their parameters.
func Try(name string, method *signature.Method, example *binder.Example) string {
	call := shell.Line("helium", "call", name)
	if example != nil {
		if words := exampleWords(method, example.Args); len(words) > 0 {
			call += " " + shell.Line(words...)
		}
		return call
	}
	for i, p := range method.Params {
		switch {
		case p.Name == "":
			call += fmt.Sprintf(" <arg%d>", i+1)
		case !identifier.MatchString(p.Name):
			call += " " + shell.Word("<"+p.Name+">")
		default:
			call += " <" + p.Name + ">"
		}
	}
	return call
}

// identifier is a name that no shell takes for more, even between < and >.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// exampleWords returns the arguments of an example as words of "helium call".
func exampleWords(method *signature.Method, args json.RawMessage) []string {
	var values []json.RawMessage
	if json.Unmarshal(args, &values) != nil {
		return []string{"-d", OneLine(args)}
	}
	var words []string
	for i, value := range values {
		words = append(words, exampleWord(method, i, value))
	}
	return words
}

// exampleWord returns the word for the argument at an index.
func exampleWord(method *signature.Method, index int, value json.RawMessage) string {
	var text string
	t := paramType(method, index)
	isText := json.Unmarshal(value, &text) == nil
	switch {
	case t == nil:
	case isText && (t.Kind == signature.String || t.Kind == signature.Bytes || t.Kind == signature.Time || t.Kind == signature.Duration):
		return textArgument(method, text)
	case !isText && (t.Kind.Numeric() || t.Kind == signature.Bool):
		return OneLine(value)
	}
	return jsonArgument(value)
}
