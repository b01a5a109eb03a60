package rpcserver

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/helium-rpc/helium/signature"
)

// Option says more about a service than its Go methods can.
type Option func(*Service) error

// Idempotent declares methods, by their names on the wire, of which a second
// execution does no harm: a call of one whose outcome is unknown is made again.
func Idempotent(methods ...string) Option {
	return func(svc *Service) error {
		for _, name := range methods {
			i := slices.IndexFunc(svc.Methods, func(m Method) bool { return m.Name == name })
			if i < 0 {
				return fmt.Errorf("Idempotent(%q): the service has no such method; names are those on the wire, such as \"add\"", name)
			}
			svc.Methods[i].Idempotent = true
		}
		return nil
	}
}

// Register makes impl's methods callable as the service of that name, once the server
// starts. S is the allow-list: if it is an interface, its methods are exposed and no
// others; if not, every exported method of the value is.
//
//	err := rpcserver.Register[mathsvc.Service](srv, "math", mathsvc.New())
//
// A method is func([ctx], args...) ([result], [error]); the last parameter may be
// variadic, or an iter.Seq2[T, error], which callers send as a stream, and so may the result be, alone. On the wire its name begins in lower case: Add is "add", HTTPGet is
// "httpGet". The error lists every method that doesn't fit, and why.
func Register[S any](srv *Server, name string, impl S, options ...Option) error {
	if srv.unmade() != nil {
		return srv.unmade()
	}
	var faults faults
	svc := serviceFrom(name, reflect.TypeFor[S](), reflect.ValueOf(impl), &faults)
	for i, option := range options {
		if option == nil {
			faults.add("option %d is nil; leave it out", i+1)
			continue
		}
		if err := option(&svc); err != nil {
			faults.add("%v", err)
		}
	}
	if len(faults) > 0 {
		// Handle would refuse it as well; asking for all faults spares a second round.
		svc.Methods = slices.DeleteFunc(svc.Methods, func(m Method) bool { return m.Handler == nil })
		bind(svc, srv.config.Interceptors, srv.replays, &faults)
		return faults.err("service %q can't be served", name)
	}
	return srv.Handle(svc)
}

// serviceFrom makes a Service of a Go value. A method that can't be served has its name and
// no Handler, and is among the faults.
func serviceFrom(name string, s reflect.Type, impl reflect.Value, faults *faults) Service {
	svc := Service{Name: name}
	if !impl.IsValid() || impl.Kind() == reflect.Pointer && impl.IsNil() {
		faults.add("the implementation is nil; pass a value, such as mathsvc.New()")
		return svc
	}
	allowed := s
	if s.Kind() != reflect.Interface || s.NumMethod() == 0 {
		allowed = impl.Type()
		missingMethods(allowed, faults)
	}
	if allowed.Implements(reflect.TypeFor[error]()) {
		faults.add("Error makes %s one of Go's errors, and a service isn't an error; name an interface without it", allowed)
	}
	types := signature.NewTypes()
	for i := range allowed.NumMethod() {
		goName := allowed.Method(i).Name
		fn := impl.MethodByName(goName)
		if !fn.IsValid() {
			faults.add("%s isn't exported; an interface to serve has exported methods only", goName)
			continue
		}
		m := Method{Name: signature.WireName(goName)}
		if sig, err := types.OfFunc(m.Name, fn.Type()); err != nil {
			faults.add("%s %s: %v", goName, fn.Type(), err)
		} else {
			m.Signature, m.Handler = sig.String(), handlerOf(impl, goName)
		}
		svc.Methods = append(svc.Methods, m)
	}
	svc.Types = types.Definitions()
	return svc
}

// missingMethods finds a value that lacks methods which a pointer to it would have.
func missingMethods(t reflect.Type, faults *faults) {
	if t.Kind() != reflect.Pointer && reflect.PointerTo(t).NumMethod() > t.NumMethod() {
		for m := range reflect.PointerTo(t).Methods() {
			if _, ok := t.MethodByName(m.Name); !ok {
				faults.add("%s of %s has a pointer receiver; hint: pass a pointer, or name an interface without it", m.Name, t)
			}
		}
		return
	}
	if t.NumMethod() == 0 {
		faults.add("%s has no exported methods", t)
	}
}
