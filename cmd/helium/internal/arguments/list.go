package arguments

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/helium-rpc/helium/internal/msgpack"

	"github.com/helium-rpc/helium/internal/nearest"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// list gathers arguments by their parameters, and all that is wrong with them.
type list struct {
	method  *signature.Method
	unnamed bool     // the names of the parameters are the command's own
	values  [][]byte // of the parameters that aren't variadic, nil: not given yet
	rest    [][]byte // of the variadic one
	filled  int      // how many were given in order
	excess  int      // how many of those no parameter takes
	faults  Faults
}

// Faults are all that is wrong with the arguments of a call.
type Faults []error

func (f Faults) Error() string {
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

func newList(m *signature.Method) *list {
	m, unnamed := withNames(m)
	fixed := len(m.Params)
	if m.Variadic {
		fixed--
	}
	return &list{method: m, unnamed: unnamed, values: make([][]byte, fixed)}
}

// fault notes what is wrong, one thing or several.
func (b *list) fault(err error) {
	if several, ok := err.(transcode.Faults); ok {
		b.faults = append(b.faults, several...)
		return
	}
	b.faults = append(b.faults, err)
}

// faultAt notes what is wrong with the value of a parameter.
func (b *list) faultAt(place string, err error) {
	several, ok := err.(transcode.Faults)
	if !ok {
		several = transcode.Faults{err}
	}
	for _, err := range several {
		b.faults = append(b.faults, fmt.Errorf("%s: %w", place, err))
	}
}

// put stores the value of the parameter at an index.
func (b *list) put(index int, value []byte) {
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
func (b *list) next(text string, raw bool) {
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
func (b *list) named(name, text string, raw bool) {
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
func (b *list) spread(place, text string) {
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
func (b *list) isPadded(parts []string) bool {
	next := paramType(b.method, b.filled)
	if next == nil || next.Kind != signature.Bytes || parts[2] != "=" || strings.Trim(parts[3], "=") != "" {
		return false
	}
	_, err := b.indexOf(parts[1])
	return err != nil
}

// indexOf returns the place of the parameter of that name. With an error it is the one that
// was perhaps meant, or -1.
func (b *list) indexOf(name string) (int, error) {
	var names []string
	for i, p := range b.method.Params {
		if p.Name == name {
			return i, nil
		}
		names = append(names, p.Name)
	}
	switch sends := b.method.Sends; {
	case sends != nil && sends.Name == name:
		return -1, givenStream(name)
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

// givenStream is the error of a stream that is given as an argument.
func givenStream(name string) error {
	return fmt.Errorf("%s is a stream: its items come from stdin, a line of JSON each", name)
}

// finish fills in null for what may be null and wasn't given.
func (b *list) finish() ([][]byte, error) {
	switch {
	case b.excess > 0 && b.method.Sends != nil:
		b.fault(fmt.Errorf("too many arguments: got %d, want %d; the items of the stream come from stdin, a line of JSON each", b.filled, len(b.method.Params)))
	case b.excess > 0:
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
func (b *list) place(index int) string {
	p := b.method.Params
	if at := min(index, len(p)-1); at >= 0 && p[at].Name != "" && (index < len(p) || b.method.Variadic) {
		return fmt.Sprintf("argument %d (%s)", index+1, p[at].Name)
	}
	return fmt.Sprintf("argument %d", index+1)
}
