package typedfunc

import (
	"reflect"
	"unsafe"
)

// method is a method of a value by its own function, which takes the receiver as its first argument:
// a method value that reflection makes copies its arguments at every call, which takes longer than all
// else that a short call costs its server.
type method struct {
	code     unsafe.Pointer
	receiver unsafe.Pointer
}

// methodOf returns a method of a value, or of a copy if the value isn't a pointer: pointers, of
// whatever type, are all passed alike. It returns false if the program has no such function; then
// only reflection can call the method.
func methodOf(value reflect.Value, name string) (m method, ok bool) {
	if value.Kind() != reflect.Pointer {
		kept := reflect.New(value.Type())
		kept.Elem().Set(value)
		value = kept
	}
	own, ok := value.Type().MethodByName(name)
	if !ok {
		return m, false
	}
	return method{own.Func.UnsafePointer(), value.UnsafePointer()}, true
}

// as returns a method as a function of type F, which takes the receiver first, as an
// unsafe.Pointer, and is otherwise the method's type.
func as[F any](m method) F {
	closure := &m.code // a function in Go is a pointer to where the address of its code is
	return *(*F)(unsafe.Pointer(&closure))
}
