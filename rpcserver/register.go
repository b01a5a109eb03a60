package rpcserver

import (
	"context"
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
// variadic. On the wire its name begins in lower case: Add is "add", HTTPGet is
// "httpGet". The error lists every method that doesn't fit, and why.
func Register[S any](srv *Server, name string, impl S, options ...Option) error {
	svc, err := describe(name, reflect.TypeFor[S](), reflect.ValueOf(impl))
	if err != nil {
		return err
	}
	for _, option := range options {
		if err := option(&svc); err != nil {
			return fmt.Errorf("rpcserver: service %q: %w", name, err)
		}
	}
	return srv.Handle(svc)
}

// describe makes a Service of a Go value.
func describe(name string, iface reflect.Type, impl reflect.Value) (Service, error) {
	svc := Service{Name: name}
	var faults faults
	if !impl.IsValid() || impl.Kind() == reflect.Pointer && impl.IsNil() {
		faults.add("the implementation is nil; pass a value, such as mathsvc.New()")
		return svc, faults.err("service %q can't be served", name)
	}
	allowed := iface
	if iface.Kind() != reflect.Interface || iface.NumMethod() == 0 {
		allowed = impl.Type()
	}
	types := signature.NewTypes()
	for i := range allowed.NumMethod() {
		goName := allowed.Method(i).Name
		fn := impl.MethodByName(goName)
		if !fn.IsValid() {
			faults.add("%s isn't exported; an interface to serve has exported methods only", goName)
			continue
		}
		wireName := signature.WireName(goName)
		sig, err := types.OfFunc(wireName, fn.Type())
		if err != nil {
			faults.add("%s %s: %v", goName, fn.Type(), err)
			continue
		}
		svc.Methods = append(svc.Methods, Method{Name: wireName, Signature: sig.String(), Handler: reflectHandler(fn)})
	}
	if allowed.NumMethod() == 0 {
		hint := ""
		if impl.Kind() != reflect.Pointer && reflect.PointerTo(impl.Type()).NumMethod() > 0 {
			hint = "; hint: pass a pointer, its methods have pointer receivers"
		}
		faults.add("%s has no exported methods%s", impl.Type(), hint)
	}
	svc.Types = types.Definitions()
	return svc, faults.err("service %q can't be served", name)
}

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// reflectHandler calls a Go function of any shape that a signature can have.
func reflectHandler(fn reflect.Value) Handler {
	t := fn.Type()
	first := 0
	if t.NumIn() > 0 && t.In(0) == contextType {
		first = 1
	}
	hasResult := t.NumOut() > 0 && t.Out(0) != errorType
	hasError := t.NumOut() > 0 && t.Out(t.NumOut()-1) == errorType

	return func(ctx context.Context, call *Call) error {
		in := make([]reflect.Value, first, first+call.NumArgs)
		if first == 1 {
			in[0] = reflect.ValueOf(ctx)
		}
		for i := range call.NumArgs {
			arg := reflect.New(paramType(t, first+i)).Elem()
			if err := call.Args.ReflectValue(arg); err != nil {
				return call.BadArgument(i, err)
			}
			in = append(in, arg)
		}
		out := fn.Call(in)
		if hasError {
			if err, _ := out[len(out)-1].Interface().(error); err != nil {
				return err
			}
		}
		if hasResult {
			call.Result.Reflect(out[0])
		}
		return nil
	}
}

// paramType returns the type of argument i; a variadic parameter's for all of its own.
func paramType(t reflect.Type, i int) reflect.Type {
	last := t.NumIn() - 1
	if t.IsVariadic() && i >= last {
		return t.In(last).Elem()
	}
	return t.In(i)
}
