package transcode

import (
	"reflect"
	"sync"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/signature"
)

// Parameters are what the arguments of calls by name are compared with. Such arguments have
// no signature of their own. So that no field gets lost on the way, the names of those in
// structs and maps are compared with the method's before the call is sent: for each Go type
// once, and for each value where the type doesn't say it all.
type Parameters struct {
	method *signature.Method
	// verdicts has one entry a parameter: what is known of Go types that were arguments
	// of it, nil for a parameter that no struct is part of.
	verdicts []*sync.Map // of reflect.Type to verdict
}

// verdict is what a Go type alone says of arguments.
type verdict struct {
	always bool
	fault  error
}

// Compared stands for the type of an argument that needs no comparison, as its stub was
// compared with the method.
var Compared = reflect.TypeFor[struct{ compared int }]()

// ParametersOf returns nil if a method has no names to compare.
func ParametersOf(m *signature.Method) *Parameters {
	p := &Parameters{method: m, verdicts: make([]*sync.Map, len(m.Params))}
	named := false
	for i, param := range m.Params {
		if HasFields(param.Type) {
			p.verdicts[i] = new(sync.Map)
			named = true
		}
	}
	if !named {
		return nil
	}
	return p
}

// of returns the place of the parameter that the i-th argument belongs to. The last one of
// a variadic method takes all that follow.
func (p *Parameters) of(i int) int { return min(i, len(p.verdicts)-1) }

// judge returns what a Go type says of arguments of the parameter at a place.
func (p *Parameters) judge(at int, t reflect.Type) verdict {
	switch t {
	case Compared:
		return verdict{always: true}
	case nil:
		return verdict{} // a nil, which is as good as its reader says
	}
	if known, ok := p.verdicts[at].Load(t); ok {
		return known.(verdict)
	}
	var v verdict
	// A type that can't be sent in general may be fine where its values are.
	if sent, err := signature.NewTypes().OfType(t); err == nil {
		v.always, v.fault = SentType(sent, p.method.Params[at].Type)
	}
	p.verdicts[at].Store(t, v)
	return v
}

// Each returns what says of values of a Go type for the first parameter, as they will be sent, which names of
// fields aren't the method's; nil: there is nothing to say, whatever the value.
func (p *Parameters) Each(t reflect.Type) (check func(packed []byte) error) {
	if p == nil || p.verdicts[0] == nil {
		return nil
	}
	v := p.judge(0, t)
	switch {
	case v.fault != nil:
		return func([]byte) error { return v.fault }
	case v.always:
		return nil
	}
	return func(packed []byte) error {
		r := codec.NewReader(packed)
		return SentValue(&r, p.method.Params[0].Type)
	}
}

// Check says which names of fields in the arguments aren't the method's. Packed are the
// arguments as they will be sent, types what they were in Go.
func (p *Parameters) Check(types []reflect.Type, packed []byte) error {
	var faults Faults
	unsure := 0 // how many of the arguments must be looked at, up to the last of these
	for i, t := range types {
		at := p.of(i)
		if p.verdicts[at] == nil {
			continue
		}
		v := p.judge(at, t)
		if v.fault != nil && !faults.Add(ArgumentFault(i, p.method, v.fault)) {
			break
		}
		if !v.always {
			unsure = i + 1
		}
	}
	if len(faults) > 0 || unsure == 0 {
		return faults.Err()
	}
	r := codec.NewReader(packed)
	if _, err := r.ArrayHeader(); err != nil {
		return err
	}
	for i, t := range types[:unsure] {
		at, before := p.of(i), r
		if p.verdicts[at] != nil && !p.judge(at, t).always {
			err := SentValue(&r, p.method.Params[at].Type)
			if err == nil {
				continue
			}
			if !faults.Add(ArgumentFault(i, p.method, err)) {
				break
			}
			r = before
		}
		if err := r.Skip(); err != nil {
			return err
		}
	}
	return faults.Err()
}
