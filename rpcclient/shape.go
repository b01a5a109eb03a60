package rpcclient

import (
	"fmt"
	"reflect"

	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// shape is what a call takes its method to be: the stub's signature, or where there is none
// what the call itself says.
type shape struct {
	stub   *signature.Method
	args   int          // without a stub: how many arguments
	result reflect.Type // without a stub: where the result should go; nil: not said
	item   reflect.Type // without a stub: where items go that come; nil: none are taken
	sends  reflect.Type // without a stub: of the items that are sent; nil: none are
}

// fits returns why a method as instances have it isn't what the call takes it to be.
func (s shape) fits(m *directory.Method) error {
	if m.Err != nil {
		return fmt.Errorf("the registry's signature can't be read: %w", m.Err)
	}
	if s.stub != nil {
		return signature.Fits(s.stub, m.Signature)
	}
	sig := m.Signature
	switch {
	case !m.Takes(s.args) && sig.Variadic:
		return fmt.Errorf("a call with %s doesn't fit %s: it takes at least %d", arguments(s.args), sig, len(sig.Params)-1)
	case sig.Sends != nil && s.sends == nil:
		return fmt.Errorf("a call with %s doesn't fit %s: it takes %d and a stream, an iter.Seq2[T, error] as the last argument", arguments(s.args), sig, len(sig.Params))
	case sig.Yields != nil && s.item == nil:
		return fmt.Errorf("a call doesn't fit %s, which returns a stream; call it with rpcclient.Stream, or by a stub that returns an iter.Seq2[T, error]", sig)
	case !m.Takes(s.args):
		return fmt.Errorf("a call with %s doesn't fit %s: it takes %d", arguments(s.args), sig, len(sig.Params))
	case s.result == nil && s.item == nil && s.sends == nil && !sig.Streams():
		return nil
	}
	stub := signature.Method{Name: sig.Name, Params: sig.Params, Variadic: sig.Variadic}
	types := signature.NewTypes()
	var err error
	if s.result != nil {
		if stub.Result, err = types.OfType(s.result); err != nil {
			return fmt.Errorf("a %s can't take the result of %s: %w", s.result, sig, err)
		}
	}
	if s.item != nil {
		if stub.Yields, err = types.OfType(s.item); err != nil {
			return fmt.Errorf("a %s can't take the items of %s: %w", s.item, sig, err)
		}
	}
	if s.sends != nil {
		item, err := types.OfType(s.sends)
		if err != nil {
			return fmt.Errorf("a %s can't be an item for %s: %w", s.sends, sig, err)
		}
		stub.Sends = &signature.Param{Type: item}
		if sig.Sends != nil {
			stub.Sends.Name = sig.Sends.Name
		}
	}
	return signature.Fits(&stub, sig)
}

func arguments(n int) string {
	if n == 1 {
		return "1 argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

// suited returns those of the versions that fit a call whose signatures take the Go types of
// its arguments, too; all of them if none does, for what is in the values counts in the end.
// differs says that the types can tell versions apart, some that it left others out.
func suited(method string, argTypes []reflect.Type, fits map[*directory.Version]bool) (suited map[*directory.Version]bool, differs, some bool) {
	if len(argTypes) == 0 {
		return fits, false, false // a stub's, which was compared
	}
	var first *directory.Method
	for v, fit := range fits {
		if m := v.Method(method); fit && first == nil {
			first = m
		} else if fit && m.Form != first.Form {
			differs = true
		}
	}
	if !differs {
		return fits, false, false
	}
	sent := &signature.Method{Name: method}
	types := signature.NewTypes()
	for _, t := range argTypes {
		sent.Params = append(sent.Params, signature.Param{Type: sentType(types, t)})
	}
	suited = make(map[*directory.Version]bool)
	for v, fit := range fits {
		if fit && signature.Fits(sent, v.Method(method).Signature) == nil {
			suited[v] = true
		} else {
			some = some || fit
		}
	}
	if len(suited) == 0 {
		return fits, true, false
	}
	return suited, true, some
}

// sentType returns as what an argument of a Go type travels, any if that isn't sure.
func sentType(types *signature.Types, t reflect.Type) *signature.Type {
	if t != nil && t != transcode.Compared {
		if sent, err := types.OfType(t); err == nil && sent.Kind == signature.Optional {
			return sent.Elem // a nil, which few are, is as good as its reader says
		} else if err == nil {
			return sent
		}
	}
	return &signature.Type{Kind: signature.Any}
}
