package codec

import (
	"fmt"
	"reflect"
)

// codec moves values of one Go type to and from msgpack. A plan makes it once for each type,
// out of the codecs of the types in it.
type codec struct {
	encode func(e *encoder, v reflect.Value) error
	// held encodes a value that an interface holds, where nothing announces its type.
	held func(e *encoder, v reflect.Value) error
	// decode needs a v that can be set. If inParts, it sets parts of v only, and v must
	// be zero before.
	decode  func(r *decoder, v reflect.Value) error
	inParts bool
}

// receiver returns a pointer to v, or to a copy where v has no address.
func receiver(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface()
}

// isNil reports whether v is nil, and false where it can't be.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Pointer, reflect.Interface, reflect.Func, reflect.Chan:
		return v.IsNil()
	}
	return false
}

// keyName is the path segment of the value under a map's key.
func keyName(key reflect.Value) string {
	for key.Kind() == reflect.Interface && !key.IsNil() {
		key = key.Elem()
	}
	switch {
	case key.Kind() == reflect.String:
		return nameOf(key.String())
	case key.CanInt() || key.CanUint() || key.CanFloat() || key.Kind() == reflect.Bool:
		return fmt.Sprintf("[%v]", key)
	}
	return keySegment
}
