package transcode

import (
	"errors"
	"fmt"
	"maps"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// Named turns a msgpack map of named arguments into the msgpack array that a handler
// reads. Names follow the rules of [Arguments]. The values aren't looked at, nor turned
// into anything: the handler's decoder does that.
func Named(msgpackMap []byte, m *signature.Method) ([]byte, error) {
	if err := msgpack.Scan(msgpackMap); err != nil {
		return nil, err
	}
	named, err := newNamedArguments(m)
	if err != nil {
		return nil, err
	}
	r := codec.NewReader(msgpackMap)
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
		named.add(name, value)
	}
	if err := named.complete().Err(); err != nil {
		return nil, err
	}
	out, err := named.array()
	if err != nil {
		return nil, err
	}
	// With a nil for each argument that is left out there can be too many values.
	if err := msgpack.Scan(out); err != nil {
		return nil, err
	}
	return out, nil
}

// array joins values that are msgpack.
func (a *namedArguments) array() ([]byte, error) {
	n := len(a.values)
	var repeated []byte // the values of the variadic parameter
	if last := n - 1; a.variadic(last) {
		n--
		if raw := a.values[last]; raw != nil && raw[0] != 0xc0 {
			r := codec.NewReader(raw)
			added, err := r.ArrayHeader()
			if err != nil {
				return nil, ArgumentFault(last, a.method, fmt.Errorf("%w: the parameter repeats", err))
			}
			n += added
			repeated = raw[r.Offset():]
		}
	}
	size := len(repeated) + 5
	for _, raw := range a.values {
		size += len(raw) + 1
	}
	out := msgpack.AppendArrayHeader(make([]byte, 0, size), n)
	for i, raw := range a.values {
		switch {
		case a.variadic(i):
			out = append(out, repeated...)
		case raw == nil:
			out = msgpack.AppendNil(out)
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
	values  [][]byte
	faults  Faults
	unknown bool            // some fault is a name that there isn't
	meant   map[string]bool // parameters that other names were perhaps meant for
}

var errUnnamed = errors.New("the arguments have no names here; send an array of them, in order. A registration that helium gen go writes has names")

func newNamedArguments(m *signature.Method) (*namedArguments, error) {
	if m == nil {
		return nil, errUnnamed
	}
	a := &namedArguments{
		method: m,
		index:  make(map[string]int, len(m.Params)),
		values: make([][]byte, len(m.Params)),
		meant:  make(map[string]bool),
	}
	for i, p := range m.Params {
		if p.Name == "" {
			return nil, errUnnamed
		}
		a.index[p.Name] = i
	}
	return a, nil
}

// add takes in one argument.
func (a *namedArguments) add(name string, value []byte) {
	i, ok := a.index[name]
	switch {
	case len(a.faults) == mostFaults:
	case !ok:
		a.unknown = true
		near := nearestTo(name, maps.Keys(a.index))
		a.meant[near] = true
		a.faults = append(a.faults, problemf("there is no argument %s%s", quote(name), didYouMean(near)))
	case a.values[i] != nil:
		a.faults = append(a.faults, problemf("two arguments are %s", quote(name)))
	default:
		a.values[i] = value
	}
}

// refuse notes an argument whose name can't be read.
func (a *namedArguments) refuse(err error) {
	if len(a.faults) < mostFaults {
		a.faults = append(a.faults, err)
	}
}

// complete returns what is wrong with the names: those that there aren't, those that are
// there twice, and those that are missing. The last fault says what is wanted.
func (a *namedArguments) complete() Faults {
	var missing []string
	for i, p := range a.method.Params {
		if a.values[i] == nil && !mayBeNull(p.Type) && !a.variadic(i) && !a.meant[p.Name] {
			missing = append(missing, shorten(p.Name))
		}
	}
	faults := a.faults
	if missing != nil {
		faults = append(faults, problemf("arguments are missing: %s", enumerate(missing)))
	}
	if last := len(faults) - 1; missing != nil || a.unknown {
		faults[last] = problemf("%s", sentence(faults[last].Error(), a.wanted()))
	}
	return faults
}

// variadic reports whether the i-th parameter repeats.
func (a *namedArguments) variadic(i int) bool {
	return a.method.Variadic && i >= 0 && i == len(a.values)-1
}

// wanted says which arguments the method takes.
func (a *namedArguments) wanted() string {
	params := a.method.Params
	if len(params) == 0 {
		return a.method.Name + " takes none"
	}
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = shorten(p.Name)
	}
	text := "want " + enumerate(names)
	if k := kindOf(params[0].Type); len(params) == 1 && (k == signature.Struct || k == signature.Map) {
		// An object that was meant as the argument itself is taken for named ones.
		text += "; hint: put an object that is the argument itself in an array"
	}
	return text
}
