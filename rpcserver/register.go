package rpcserver

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
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
	if srv.unmade() != nil {
		return srv.unmade()
	}
	var faults faults
	svc := describe(name, reflect.TypeFor[S](), reflect.ValueOf(impl), &faults)
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
		bind(svc, srv.config.Interceptors, &faults)
		return faults.err("service %q can't be served", name)
	}
	return srv.Handle(svc)
}

// describe makes a Service of a Go value. A method that can't be served has its name and
// no Handler, and is among the faults.
func describe(name string, s reflect.Type, impl reflect.Value, faults *faults) Service {
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
	if allowed.Implements(errorType) {
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
			m.Signature, m.Handler = sig.String(), reflectHandler(fn)
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
	call := fn.Call
	if t.IsVariadic() {
		call = fn.CallSlice
	}
	pool := sync.Pool{New: func() any { return newArguments(t) }}
	return func(ctx context.Context, c *Call) error {
		args := pool.Get().(*arguments)
		args.ctx = ctx
		for i := first; i < len(args.values); i++ {
			var err error
			if t.IsVariadic() && i == len(args.values)-1 {
				err = c.readRest(i-first, args.values[i])
			} else {
				err = c.Args.Value(args.pointers[i])
			}
			if err != nil {
				return c.BadArgument(i-first, err)
			}
		}
		out := call(args.values)
		args.clear()
		pool.Put(args)
		if hasError {
			if err, _ := out[len(out)-1].Interface().(error); err != nil {
				return err
			}
		}
		if hasResult {
			c.Result.ReflectValue(out[0])
		}
		return nil
	}
}

// arguments are a function's arguments. The function gets copies, so they are used for
// call after call.
type arguments struct {
	ctx      context.Context // the first of them, if the function takes one
	values   []reflect.Value
	pointers []any // to the values
}

func newArguments(t reflect.Type) *arguments {
	args := &arguments{values: make([]reflect.Value, t.NumIn()), pointers: make([]any, t.NumIn())}
	for i := range args.values {
		pointer := reflect.New(t.In(i))
		if i == 0 && t.In(i) == contextType {
			pointer = reflect.ValueOf(&args.ctx)
		}
		args.values[i], args.pointers[i] = pointer.Elem(), pointer.Interface()
	}
	return args
}

// clear forgets the values: a struct's fields that the next call doesn't name are zero.
func (args *arguments) clear() {
	for _, v := range args.values {
		v.SetZero()
	}
}

// readRest reads the arguments from the n-th on into a slice. They are read as one list
// and not one by one, because a value can be a byte on the wire and large in memory:
// a list as a whole may take so much and no more.
func (c *Call) readRest(n int, slice reflect.Value) error {
	rest := c.NumArgs - n
	if rest <= 0 {
		return nil
	}
	if slice.Type().Elem().Kind() == reflect.Uint8 {
		// As a list they would be expected to be one value, bytes.
		slice.Set(reflect.MakeSlice(slice.Type(), rest, rest))
		for i := range rest {
			if err := c.Args.ReflectValue(slice.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}
	list := msgpack.AppendArrayHeader(make([]byte, 0, c.Args.Len()+5), rest)
	r := codec.NewReader(append(list, c.args[c.Args.Offset():]...))
	return r.ReflectValue(slice)
}
