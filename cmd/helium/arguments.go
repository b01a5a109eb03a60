package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/nearest"
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
// on are values as they stand; -1: none. The error has all that is wrong with them.
func parseWords(m *signature.Method, words []string, dash int) ([][]byte, error) {
	b := newArgumentList(m)
	for i, word := range words {
		word = cli.Unprotected(word)
		if dash >= 0 && i >= dash {
			b.next(word, false)
		} else if text, raw := strings.CutPrefix(word, ":="); raw {
			b.next(text, true)
		} else if parts := byName.FindStringSubmatch(word); parts != nil && !b.isPadded(parts) {
			b.named(parts[1], parts[3], parts[2] == ":=")
		} else {
			b.next(word, false)
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
	b := newArgumentList(m)
	packed, err := transcode.Arguments(text, b.method)
	if err != nil {
		b.fault(err)
		var values []json.RawMessage
		if json.Unmarshal(transcode.TrimMark(text), &values) == nil && values != nil {
			for i := range values {
				b.put(i, msgpack.AppendNil(nil)) // there may be too many or too few as well
			}
			return b.finish()
		}
		return nil, b.faults
	}
	r := codec.NewReader(packed)
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, err
	}
	for range n {
		value, err := r.Raw()
		if err != nil {
			return nil, err
		}
		b.put(b.filled, value)
	}
	return b.finish()
}

// argumentList gathers arguments by their parameters, and all that is wrong with them.
type argumentList struct {
	method  *signature.Method
	unnamed bool     // the names of the parameters are the command's own
	values  [][]byte // of the parameters that aren't variadic, nil: not given yet
	rest    [][]byte // of the variadic one
	filled  int      // how many were given in order
	excess  int      // how many of those no parameter takes
	faults  argumentFaults
}

// argumentFaults are all that is wrong with the arguments of a call.
type argumentFaults []error

func (f argumentFaults) Error() string {
	if len(f) == 1 {
		return f[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d things are wrong with the arguments:", len(f))
	for _, err := range f {
		b.WriteString("\n" + err.Error())
	}
	return b.String()
}

func newArgumentList(m *signature.Method) *argumentList {
	m, unnamed := withNames(m)
	fixed := len(m.Params)
	if m.Variadic {
		fixed--
	}
	return &argumentList{method: m, unnamed: unnamed, values: make([][]byte, fixed)}
}

// withNames returns a method with names for its parameters where the service doesn't tell
// them: arg1, arg2. So they can be given by name all the same.
func withNames(m *signature.Method) (named *signature.Method, unnamed bool) {
	if len(m.Params) == 0 || m.Params[0].Name != "" {
		return m, false
	}
	copied := *m
	copied.Params = slices.Clone(m.Params)
	for i := range copied.Params {
		copied.Params[i].Name = fmt.Sprintf("arg%d", i+1)
	}
	return &copied, true
}

// fault notes what is wrong, one thing or several.
func (b *argumentList) fault(err error) {
	if several, ok := err.(transcode.Faults); ok {
		b.faults = append(b.faults, several...)
		return
	}
	b.faults = append(b.faults, err)
}

// faultAt notes what is wrong with the value of a parameter.
func (b *argumentList) faultAt(place string, err error) {
	several, ok := err.(transcode.Faults)
	if !ok {
		several = transcode.Faults{err}
	}
	for _, err := range several {
		b.faults = append(b.faults, fmt.Errorf("%s: %w", place, err))
	}
}

// put stores the value of the parameter at an index.
func (b *argumentList) put(index int, value []byte) {
	switch {
	case index < len(b.values) && b.values[index] != nil:
		b.fault(fmt.Errorf("%s is given twice", b.place(index)))
	case index < len(b.values):
		b.values[index] = value
	case b.method.Variadic:
		b.rest = append(b.rest, value)
	default:
		b.excess++
	}
	b.filled = max(b.filled, index+1)
}

// next takes a word for the parameter after the last that was given in order.
func (b *argumentList) next(text string, raw bool) {
	index := b.filled
	if index >= len(b.values) && !b.method.Variadic {
		b.put(index, nil)
		return // whatever it is, it is one too many
	}
	value, err := coerce(text, paramType(b.method, index), raw)
	if err != nil {
		b.faultAt(b.place(index), err)
		value = []byte{} // it was given, at least
	}
	b.put(index, value)
}

// named takes a word for the parameter that it names.
func (b *argumentList) named(name, text string, raw bool) {
	index, err := b.indexOf(name)
	if err != nil {
		b.fault(err)
		if index >= 0 && index < len(b.values) && b.values[index] == nil {
			b.values[index] = []byte{} // it isn't missing, only misspelt
		}
		return
	}
	place := b.place(index)
	variadic := index >= len(b.values)
	if variadic && raw {
		b.spread(place, text)
		return
	}
	if !variadic && b.values[index] != nil {
		b.fault(fmt.Errorf("%s is given twice", place))
		return
	}
	value, err := coerce(text, paramType(b.method, index), raw)
	if err != nil {
		b.faultAt(place, err)
		value = []byte{}
	}
	if variadic {
		b.rest = append(b.rest, value)
	} else {
		b.values[index] = value
	}
}

// spread takes a list in JSON for the variadic parameter.
func (b *argumentList) spread(place, text string) {
	var items []json.RawMessage
	if err := json.Unmarshal(transcode.TrimMark([]byte(text)), &items); err != nil {
		b.faultAt(place, fmt.Errorf("want a list in JSON: %w", err))
		return
	}
	for i, item := range items {
		value, err := transcode.Value(item, paramType(b.method, len(b.values)))
		if err != nil {
			b.faultAt(fmt.Sprintf("%s[%d]", place, i), err)
		}
		b.rest = append(b.rest, value)
	}
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

// indexOf returns the place of the parameter of that name. With an error it is the one that
// was perhaps meant, or -1.
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
		return -1, fmt.Errorf("there is no parameter %s; the method takes none", name)
	case b.unnamed:
		return -1, fmt.Errorf("there is no parameter %s: the service doesn't tell the names of its parameters, so they are %s here; give values in order, and text with \"=\" behind --; names come with a registration that helium gen go writes", name, strings.Join(names, ", "))
	}
	near := nearest.Names(name, slices.Values(names))
	if len(near) > 0 {
		return slices.Index(names, near[0]), fmt.Errorf("there is no parameter %s, only %s; did you mean %s? text with \"=\" stands behind --", name, strings.Join(names, ", "), near[0])
	}
	return -1, fmt.Errorf("there is no parameter %s, only %s; text with \"=\" stands behind --", name, strings.Join(names, ", "))
}

// finish fills in null for what may be null and wasn't given.
func (b *argumentList) finish() ([][]byte, error) {
	if b.excess > 0 {
		b.fault(fmt.Errorf("too many arguments: got %d, want %d", b.filled, len(b.method.Params)))
	}
	for i, value := range b.values {
		if value != nil {
			continue
		}
		if kind := b.method.Params[i].Type.Kind; kind != signature.Optional && kind != signature.Any {
			b.fault(fmt.Errorf("%s is missing", b.place(i)))
		}
		b.values[i] = msgpack.AppendNil(nil)
	}
	if len(b.faults) > 0 {
		return nil, b.faults
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
			return msgpack.AppendNil(nil), nil
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
