package transcode

import (
	"fmt"
	"strings"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/signature"
)

// Arguments turns a plain request's JSON arguments into the msgpack array that a
// handler reads. They are an array in the order of m's parameters, or an object of
// named arguments.
//
// An array may have any length: whether a handler takes that many is for its server to
// say. What has no parameter is read as any.
//
// In an object every parameter stands under its name. One of type T? or any may be left
// out and is null then; the last of a variadic method holds an array, and stands for
// none if it is left out. All other names, and names that are there twice, are errors,
// and so is any object if m doesn't tell the names of its parameters.
//
// Errors name the argument and the place in it:
//
//	argument 2 (b): 300 is out of range of int8
//	argument 1 (people): [3].age: got "x", want uint8: a number
func Arguments(jsonText []byte, m *signature.Method) (msgpack []byte, err error) {
	c, err := newCursor(jsonText)
	if err != nil {
		return nil, err
	}
	e := newEncoder(c)
	switch e.peek() {
	case '[':
		err = e.arguments(m)
	case '{':
		err = e.namedArguments(m)
	default:
		err = fmt.Errorf("the arguments are %s; want an array of them, such as [1, 2], or an object of named ones", shorten(string(e.skip())))
	}
	if err != nil {
		return nil, err
	}
	return e.out, nil
}

func (e *encoder) arguments(m *signature.Method) error {
	head, err := e.open()
	if err != nil {
		return err
	}
	n := 0
	for ; e.more(n); n++ {
		var t *signature.Type
		if p := parameter(n, m); p != nil {
			t = p.Type
		}
		if err := e.value(t); err != nil {
			return argument(n, m, err)
		}
	}
	e.close(head, wire.AppendArrayHeader(nil, n))
	return nil
}

// parameter returns the parameter that the i-th argument belongs to, or nil. The last
// one of a variadic method takes all that follow.
func parameter(i int, m *signature.Method) *signature.Param {
	switch {
	case m == nil:
		return nil
	case i < len(m.Params):
		return &m.Params[i]
	case m.Variadic && len(m.Params) > 0:
		return &m.Params[len(m.Params)-1]
	}
	return nil
}

func (e *encoder) namedArguments(m *signature.Method) error {
	named, err := newNamedArguments(m)
	if err != nil {
		return err
	}
	head, err := e.open()
	if err != nil {
		return err
	}
	for n := 0; e.more(n); n++ {
		name := e.key()
		if err := named.add(name, e.skip()); err != nil {
			return err
		}
	}
	if err := named.complete(); err != nil {
		return err
	}
	n := 0
	for i, raw := range named.values {
		e.cursor = cursor{text: raw}
		switch {
		case named.variadic(i):
			// null stands for no argument, as a nil list does in many languages.
			if raw == nil || e.peek() == 'n' {
				continue
			}
			added, err := e.repeated(m.Params[i].Type)
			if err != nil {
				return argument(i, m, err)
			}
			n += added
			continue
		case raw == nil:
			e.out = wire.AppendNil(e.out)
		default:
			if err := e.value(m.Params[i].Type); err != nil {
				return argument(i, m, err)
			}
		}
		n++
	}
	e.close(head, wire.AppendArrayHeader(nil, n))
	return nil
}

// repeated appends the values in the array that a variadic parameter has by name, and
// returns how many they are.
func (e *encoder) repeated(t *signature.Type) (n int, err error) {
	if e.peek() != '[' {
		return 0, problemf("got %s, want an array: the parameter repeats", shorten(string(e.skip())))
	}
	e.take()
	for ; e.more(n); n++ {
		if err := e.value(t); err != nil {
			return n, inside(indexSegment(n), err)
		}
	}
	return n, nil
}

// Named turns a msgpack map of named arguments into the msgpack array that a handler
// reads. Names follow the rules of [Arguments]. The values aren't looked at, nor turned
// into anything: the handler's decoder does that.
func Named(msgpackMap []byte, m *signature.Method) ([]byte, error) {
	if err := wire.Scan(msgpackMap); err != nil {
		return nil, err
	}
	named, err := newNamedArguments(m)
	if err != nil {
		return nil, err
	}
	r := wire.NewReader(msgpackMap)
	n, err := r.MapHeader()
	if err != nil {
		return nil, fmt.Errorf("the named arguments: %w", err)
	}
	for range n {
		name, err := r.String()
		if err != nil {
			return nil, fmt.Errorf("the name of an argument: %w", err)
		}
		value, err := r.Raw()
		if err != nil {
			return nil, err
		}
		if err := named.add(name, value); err != nil {
			return nil, err
		}
	}
	if err := named.complete(); err != nil {
		return nil, err
	}
	return named.array()
}

// array joins values that are msgpack.
func (a *namedArguments) array() ([]byte, error) {
	n := len(a.values)
	var repeated []byte // the values of the variadic parameter
	if last := n - 1; a.variadic(last) {
		n--
		if raw := a.values[last]; raw != nil && raw[0] != 0xc0 {
			r := wire.NewReader(raw)
			added, err := r.ArrayHeader()
			if err != nil {
				return nil, argument(last, a.method, fmt.Errorf("%w: the parameter repeats", err))
			}
			n += added
			repeated = raw[r.Offset():]
		}
	}
	size := len(repeated) + 5
	for _, raw := range a.values {
		size += len(raw) + 1
	}
	out := wire.AppendArrayHeader(make([]byte, 0, size), n)
	for i, raw := range a.values {
		switch {
		case a.variadic(i):
			out = append(out, repeated...)
		case raw == nil:
			out = wire.AppendNil(out)
		default:
			out = append(out, raw...)
		}
	}
	return out, nil
}

// namedArguments collects arguments by name.
type namedArguments struct {
	method *signature.Method
	index  map[string]int
	// values has the text or the bytes of the argument for each parameter; nil: none.
	values [][]byte
}

func newNamedArguments(m *signature.Method) (*namedArguments, error) {
	if m == nil {
		return nil, fmt.Errorf("the names of the parameters aren't known; send an array of the arguments, in order")
	}
	a := &namedArguments{
		method: m,
		index:  make(map[string]int, len(m.Params)),
		values: make([][]byte, len(m.Params)),
	}
	for i, p := range m.Params {
		if p.Name == "" {
			return nil, fmt.Errorf("the names of the parameters aren't known; send an array of the arguments, in the order of %s", shorten(m.String()))
		}
		a.index[p.Name] = i
	}
	return a, nil
}

func (a *namedArguments) add(name string, value []byte) error {
	i, ok := a.index[name]
	switch {
	case !ok && len(a.values) == 0:
		return fmt.Errorf("there is no argument %s; %s takes none", quote(name), a.method.Name)
	case !ok:
		return fmt.Errorf("there is no argument %s; want %s", quote(name), a.names())
	case a.values[i] != nil:
		return fmt.Errorf("two arguments are %s", quote(name))
	}
	a.values[i] = value
	return nil
}

// complete returns an error that lists the arguments that are missing, if any are.
func (a *namedArguments) complete() error {
	var missing []string
	for i, p := range a.method.Params {
		if a.values[i] == nil && !mayBeNull(p.Type) && !a.variadic(i) {
			missing = append(missing, shorten(p.Name))
		}
	}
	if missing == nil {
		return nil
	}
	return fmt.Errorf("arguments are missing: %s; want %s", enumerate(missing), a.names())
}

// variadic reports whether the i-th parameter repeats.
func (a *namedArguments) variadic(i int) bool {
	return a.method.Variadic && i >= 0 && i == len(a.values)-1
}

func (a *namedArguments) names() string {
	names := make([]string, len(a.method.Params))
	for i, p := range a.method.Params {
		names[i] = shorten(p.Name)
	}
	return enumerate(names)
}

func enumerate(names []string) string {
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + " …"
	}
	return strings.Join(names, ", ")
}
