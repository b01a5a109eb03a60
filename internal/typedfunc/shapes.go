package typedfunc

import (
	"reflect"
	"sync"
)

// StubOf returns a function of type t whose calls are begun by begin; false if t isn't one of the
// shapes.
func StubOf(t reflect.Type, begin Begin) (stub reflect.Value, ok bool) {
	if t.Kind() != reflect.Func {
		return stub, false
	}
	s, ok := known()[unnamed(t)]
	if !ok {
		return stub, false
	}
	return reflect.ValueOf(s.stub(begin)).Convert(t), true
}

// HandlerOf returns what runs a function, which isn't nil; false if it isn't of one of the shapes.
func HandlerOf(fn reflect.Value) (run Handler, ok bool) {
	t := unnamed(fn.Type())
	s, ok := known()[t]
	if !ok {
		return nil, false
	}
	return s.handler(fn.Convert(t).Interface()), true
}

// MethodOf returns what runs a method of a value; false if it isn't of one of the shapes. Reflection
// calls it only where the program has no function of its own for the method.
func MethodOf(value reflect.Value, name string) (run Handler, ok bool) {
	fn := value.MethodByName(name)
	s, ok := known()[fn.Type()]
	if !ok {
		return nil, false
	}
	if m, ok := methodOf(value, name); ok {
		return s.handler(s.bound(m)), true
	}
	return s.handler(fn.Interface()), true
}

// unnamed returns the type of a function without its name.
func unnamed(t reflect.Type) reflect.Type {
	if t.Name() == "" {
		return t
	}
	var in, out []reflect.Type
	for p := range t.Ins() {
		in = append(in, p)
	}
	for r := range t.Outs() {
		out = append(out, r)
	}
	return reflect.FuncOf(in, out, t.IsVariadic())
}

// shape makes both ends of calls of functions of one type.
type shape interface {
	// stub returns a function of that type.
	stub(begin Begin) any
	// bound returns such a function that calls a method of that type.
	bound(m method) any
	// handler returns what runs one.
	handler(fn any) Handler
}

// shapes has them by those types.
type shapes map[reflect.Type]shape

func (all shapes) add(s shape) { all[reflect.TypeOf(s.stub(nil))] = s }

// known are all shapes, made when they are first asked for.
var known = sync.OnceValue(func() shapes {
	all := make(shapes)
	all.add(action0{})
	from(all, boolean)
	from(all, integer)
	from(all, long)
	from(all, float)
	from(all, text)
	from(all, bytes)
	return all
})

// from adds the shapes that take values of a type.
func from[A any](all shapes, a scalar[A]) {
	all.add(&function0[A]{a})
	all.add(&action1[A]{a})
	all.add(&action2[A, A]{a, a})
	all.add(&action2[string, A]{text, a})
	to(all, a, boolean)
	to(all, a, integer)
	to(all, a, long)
	to(all, a, float)
	to(all, a, text)
	to(all, a, bytes)
}

// to adds the shapes that take values of one type and return one of another.
func to[A, R any](all shapes, a scalar[A], r scalar[R]) {
	all.add(&function1[A, R]{a, r})
	all.add(&function2[A, A, R]{a, a, r})
	all.add(&function2[string, A, R]{text, a, r})
}
