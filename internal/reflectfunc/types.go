package reflectfunc

import (
	"context"
	"reflect"

	"github.com/helium-rpc/helium/signature"
)

var (
	contextType = reflect.TypeFor[context.Context]()
	errorType   = reflect.TypeFor[error]()
)

// TakesStream reports whether the last parameter of a function is a stream.
func TakesStream(t reflect.Type) bool {
	n := t.NumIn()
	return n > 0 && signature.StreamItem(t.In(n-1)) != nil
}

// ReturnsStream reports whether a function returns a stream.
func ReturnsStream(t reflect.Type) bool {
	return t.NumOut() == 1 && signature.StreamItem(t.Out(0)) != nil
}

// errorValue returns an error as a value of the type error. It has a copy of its own to point to, so
// that calls which go well allocate none.
func errorValue(err error) reflect.Value { return reflect.ValueOf(&err).Elem() }
