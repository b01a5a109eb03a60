package rpcclient

import (
	"fmt"
	"reflect"
	"sync"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// The arguments of a call by name have no signature of their own. So that no field gets
// lost on the way, the names of those in structs and maps are compared with the method's
// before the call is sent: for each Go type once, and for each value where the type doesn't
// say it all.

// parameters are what the arguments of calls by name are compared with.
type parameters struct {
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

// parametersOf returns nil if there are no names to compare.
func parametersOf(m *signature.Method) *parameters {
	p := &parameters{method: m, verdicts: make([]*sync.Map, len(m.Params))}
	named := false
	for i, param := range m.Params {
		if transcode.HasFields(param.Type) {
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
func (p *parameters) of(i int) int { return min(i, len(p.verdicts)-1) }

// fitsAsStub stands for the type of a stub's argument whose type says all, and was compared
// when the stub was.
var fitsAsStub = reflect.TypeFor[struct{ fitsAsStub int }]()

// judge returns what a Go type says of arguments of the parameter at a place.
func (p *parameters) judge(at int, t reflect.Type) verdict {
	switch t {
	case fitsAsStub:
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
		v.always, v.fault = transcode.SentType(sent, p.method.Params[at].Type)
	}
	p.verdicts[at].Store(t, v)
	return v
}

// check says which names of fields in the arguments aren't the method's. Packed are the
// arguments as they will be sent, types what they were in Go.
func (p *parameters) check(types []reflect.Type, packed []byte) error {
	var faults transcode.Faults
	unsure := 0 // how many of the arguments must be looked at, up to the last of these
	for i, t := range types {
		at := p.of(i)
		if p.verdicts[at] == nil {
			continue
		}
		v := p.judge(at, t)
		if v.fault != nil && !faults.Add(transcode.ArgumentFault(i, p.method, v.fault)) {
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
			err := transcode.SentValue(&r, p.method.Params[at].Type)
			if err == nil {
				continue
			}
			if !faults.Add(transcode.ArgumentFault(i, p.method, err)) {
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

// checkNames returns why the names of fields in a call's arguments aren't the method's.
func (remote *remoteMethod) checkNames(call *Invocation) error {
	if remote.parameters == nil || len(call.argTypes) == 0 || !remote.takes(call.numArgs) {
		return nil
	}
	if err := remote.parameters.check(call.argTypes, call.Args.Bytes()); err != nil {
		return fmt.Errorf("the arguments don't fit %s: %w", remote.signature, err)
	}
	return nil
}

// takesNames reports whether all versions of the method that a call may meet have the names
// in its arguments.
func (r *route) takesNames(call *Invocation) bool {
	if len(call.argTypes) == 0 {
		return true // those of a stub that says it all, or none
	}
	m := call.method
	for _, v := range r.versionsAt(m.client.instance) {
		if remote := v.byName[m.name]; remote != nil && remote.checkNames(call) != nil {
			return false
		}
	}
	return true
}
