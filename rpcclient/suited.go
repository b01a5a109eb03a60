package rpcclient

import (
	"reflect"

	"github.com/helium-rpc/helium/signature"
)

// suited returns those of the versions that fit a call whose signatures take the types of its
// arguments, too; all of them if none does, for what is in the values counts in the end. some
// says that it left others out.
func (w *way) suited(m *Method, call *Invocation, fits map[*version]bool) (suited map[*version]bool, some bool) {
	if len(call.argTypes) == 0 {
		return fits, false // a stub's, which was compared
	}
	var first *remoteMethod
	for v, fit := range fits {
		if remote := v.byName[m.name]; fit && first == nil {
			first = remote
		} else if fit && remote.form != first.form {
			w.differs = true
		}
	}
	if !w.differs {
		return fits, false
	}
	sent := &signature.Method{Name: m.name}
	types := signature.NewTypes()
	for _, t := range call.argTypes {
		sent.Params = append(sent.Params, signature.Param{Type: sentType(types, t)})
	}
	suited = make(map[*version]bool)
	for v, fit := range fits {
		if fit && signature.Fits(sent, v.byName[m.name].signature) == nil {
			suited[v] = true
		} else {
			some = some || fit
		}
	}
	if len(suited) == 0 {
		return fits, false
	}
	return suited, some
}

// sentType returns as what an argument of a Go type travels, any if that isn't sure.
func sentType(types *signature.Types, t reflect.Type) *signature.Type {
	if t != nil && t != fitsAsStub {
		if sent, err := types.OfType(t); err == nil && sent.Kind == signature.Optional {
			return sent.Elem // a nil, which few are, is as good as its reader says
		} else if err == nil {
			return sent
		}
	}
	return &signature.Type{Kind: signature.Any}
}
