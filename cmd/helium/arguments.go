package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// Words of the command line become arguments by the types of the method's parameters,
// and never by what they look like: "2" is text for a string and a number for an int8.
//
//	2            the next parameter
//	b=3          the parameter b
//	xs:=[1,2]    the parameter xs, as JSON
//	:=[1,2]      the next parameter, as JSON
//
// A variadic parameter takes all words that are left, or its name several times, or
// JSON of a list. What may be null may be left out. Text that reads like b=3 stands
// behind "--", after which words are values alone.
//
// The JSON is that of package transcode, so integers of 64 bits, bytes (base64) and
// times (RFC 3339) arrive as they were written.

// byName is a word that names its parameter, if it does.
var byName = regexp.MustCompile(`(?s)^([A-Za-z_][A-Za-z0-9_]*)(:?=)(.*)$`)

// parseWords returns a method's arguments, each as msgpack. Words from the index dash
// on are values as they stand; -1: none.
func parseWords(m *signature.Method, words []string, dash int) ([][]byte, error) {
	b := newArgumentList(m)
	for i, word := range words {
		word = unprotected(word)
		var err error
		if dash >= 0 && i >= dash {
			err = b.next(word, false)
		} else if text, raw := strings.CutPrefix(word, ":="); raw {
			err = b.next(text, true)
		} else if parts := byName.FindStringSubmatch(word); parts != nil && !b.isPadded(parts) {
			err = b.named(parts[1], parts[3], parts[2] == ":=")
		} else {
			err = b.next(word, false)
		}
		if err != nil {
			return nil, err
		}
	}
	return b.finish()
}

// parseDocument returns a method's arguments from one JSON array, or an object of
// named ones.
func parseDocument(m *signature.Method, text []byte) ([][]byte, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the JSON isn't UTF-8, as all JSON is; save it as UTF-8")
	}
	packed, err := transcode.Arguments(text, m)
	if err != nil {
		return nil, err
	}
	r := codec.NewReader(packed)
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, err
	}
	b := newArgumentList(m)
	for range n {
		value, err := r.Raw()
		if err != nil {
			return nil, err
		}
		if err := b.put(b.filled, value); err != nil {
			return nil, err
		}
	}
	return b.finish()
}

// argumentList gathers arguments by their parameters.
type argumentList struct {
	method *signature.Method
	values [][]byte // of the parameters that aren't variadic, nil: not given yet
	rest   [][]byte // of the variadic one
	filled int      // how many were given in order
}

func newArgumentList(m *signature.Method) *argumentList {
	fixed := len(m.Params)
	if m.Variadic {
		fixed--
	}
	return &argumentList{method: m, values: make([][]byte, fixed)}
}

// put stores the value of the parameter at an index.
func (b *argumentList) put(index int, value []byte) error {
	switch {
	case index < len(b.values) && b.values[index] != nil:
		return fmt.Errorf("%s is given twice", b.place(index))
	case index < len(b.values):
		b.values[index] = value
	case b.method.Variadic:
		b.rest = append(b.rest, value)
	default:
		return fmt.Errorf("too many arguments, at %d; want %d", index+1, len(b.method.Params))
	}
	b.filled = max(b.filled, index+1)
	return nil
}

// next takes a word for the parameter after the last that was given in order.
func (b *argumentList) next(text string, raw bool) error {
	index := b.filled
	value, err := coerce(text, paramType(b.method, index), raw)
	if err != nil {
		return fmt.Errorf("%s: %w", b.place(index), err)
	}
	return b.put(index, value)
}

// named takes a word for the parameter that it names.
func (b *argumentList) named(name, text string, raw bool) error {
	index, err := b.indexOf(name)
	if err != nil {
		return err
	}
	place := b.place(index)
	if index >= len(b.values) { // the variadic one
		if raw {
			return b.spread(place, text)
		}
		value, err := coerce(text, paramType(b.method, index), false)
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		b.rest = append(b.rest, value)
		return nil
	}
	if b.values[index] != nil {
		return fmt.Errorf("%s is given twice", place)
	}
	value, err := coerce(text, paramType(b.method, index), raw)
	if err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	b.values[index] = value
	return nil
}

// spread takes a list in JSON for the variadic parameter.
func (b *argumentList) spread(place, text string) error {
	var items []json.RawMessage
	if err := json.Unmarshal(transcode.TrimMark([]byte(text)), &items); err != nil {
		return fmt.Errorf("%s: want a list in JSON: %w", place, err)
	}
	for i, item := range items {
		value, err := transcode.Value(item, paramType(b.method, len(b.values)))
		if err != nil {
			return fmt.Errorf("%s[%d]: %w", place, i, err)
		}
		b.rest = append(b.rest, value)
	}
	return nil
}

// isPadded reports a word such as "aGk=" that is base64 for the next parameter, and
// doesn't begin with the name of any.
func (b *argumentList) isPadded(parts []string) bool {
	next := paramType(b.method, b.filled)
	if next == nil || next.Kind != signature.Bytes || parts[2] != "=" || strings.Trim(parts[3], "=") != "" {
		return false
	}
	_, err := b.indexOf(parts[1])
	return err != nil
}

func (b *argumentList) indexOf(name string) (int, error) {
	var names []string
	for i, p := range b.method.Params {
		if p.Name == name {
			return i, nil
		}
		names = append(names, p.Name)
	}
	switch {
	case len(names) == 0:
		return 0, fmt.Errorf("there is no parameter %s; the method takes none", name)
	case names[0] == "":
		return 0, fmt.Errorf("the service doesn't tell the names of its parameters, so there is none called %s; give values in order, and text with \"=\" behind --", name)
	}
	return 0, fmt.Errorf("there is no parameter %s, only %s; text with \"=\" stands behind --", name, strings.Join(names, ", "))
}

// finish fills in null for what may be null and wasn't given.
func (b *argumentList) finish() ([][]byte, error) {
	for i, value := range b.values {
		if value != nil {
			continue
		}
		if kind := b.method.Params[i].Type.Kind; kind != signature.Optional && kind != signature.Any {
			return nil, fmt.Errorf("%s is missing", b.place(i))
		}
		b.values[i] = codec.AppendNil(nil)
	}
	return append(b.values, b.rest...), nil
}

// place names a parameter for people: "argument 2 (b)".
func (b *argumentList) place(index int) string {
	p := b.method.Params
	if at := min(index, len(p)-1); at >= 0 && p[at].Name != "" && (index < len(p) || b.method.Variadic) {
		return fmt.Sprintf("argument %d (%s)", index+1, p[at].Name)
	}
	return fmt.Sprintf("argument %d", index+1)
}

// paramType returns the type of the argument at an index, nil past the last.
func paramType(m *signature.Method, index int) *signature.Type {
	switch {
	case index < len(m.Params):
		return m.Params[index].Type
	case m.Variadic:
		return m.Params[len(m.Params)-1].Type
	}
	return nil
}

// coerce turns a word into a value of a type.
func coerce(text string, t *signature.Type, raw bool) ([]byte, error) {
	if raw || t == nil {
		return transcode.Value([]byte(text), t)
	}
	switch t.Kind {
	case signature.Optional:
		// "null" is a text like others where text is meant; := says it is none.
		if kind := t.Elem.Kind; text == "null" && kind != signature.String && kind != signature.Any {
			return codec.AppendNil(nil), nil
		}
		return coerce(text, t.Elem, false)
	case signature.String, signature.Bytes, signature.Time, signature.Any:
		asJSON, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		return transcode.Value(asJSON, t)
	}
	if t.Kind == signature.Duration && !json.Valid([]byte(text)) {
		return durationOf(text, t)
	}
	value, err := transcode.Value([]byte(text), t)
	if err != nil && !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%q isn't %s", text, kindForPeople(t))
	}
	return value, err
}

// durationOf turns a word that isn't JSON, such as 1h30m, into a duration.
func durationOf(text string, t *signature.Type) ([]byte, error) {
	if _, err := time.ParseDuration(text); err != nil {
		return nil, fmt.Errorf("%q isn't %s", text, kindForPeople(t))
	}
	return transcode.Value([]byte(`"`+text+`"`), t)
}

// kindForPeople says what a type wants to be given.
func kindForPeople(t *signature.Type) string {
	switch {
	case t.Kind == signature.Bool:
		return "a bool: true or false"
	case t.Kind == signature.Duration:
		return "a duration, such as 1h30m or 250ms, or a number of nanoseconds"
	case t.Kind.Numeric():
		return "a number of type " + t.String()
	}
	return "a value of type " + t.String() + ", in JSON"
}

// A word such as -2 is a number where flags have no digits for names. It passes the
// parser of flags in disguise, by a character that no command line can hold.
const disguise = "\x00"

var looksNegative = regexp.MustCompile(`^-\.?[0-9]`)

// protectNumbers disguises negative numbers among the arguments of the process, but not
// behind a flag, whose value one may be.
func protectNumbers(args []string) []string {
	var protected []string
	afterFlag := false
	for i, arg := range args {
		if arg == "--" {
			return append(protected, args[i:]...)
		}
		isNumber := looksNegative.MatchString(arg)
		if isNumber && !afterFlag {
			arg = disguise + arg
		}
		afterFlag = strings.HasPrefix(arg, "-") && !isNumber && !strings.Contains(arg, "=")
		protected = append(protected, arg)
	}
	return protected
}

func unprotected(word string) string { return strings.TrimPrefix(word, disguise) }
