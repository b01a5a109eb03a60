package codec

import (
	"reflect"
	"sync"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// appendValue appends any Go value, see [Writer.Value]. After an error b has its old length.
//
// Nothing is appended that [msgpack.Scan] refuses, with room to spare for a few arrays around
// it.
func appendValue(b []byte, v any) (out []byte, err error) {
	if out, ok := appendPlain(b, v); ok {
		return out, nil
	}
	out = b
	defer recoverMethod(reflect.TypeOf(v), &err)
	e := encoders.Get().(*encoder)
	e.b = b
	if err := encodeAny(e, v, codecOf); err != nil {
		return b, err
	}
	return e.finish(), nil
}

// appendReflect is appendValue for a reflect.Value; the zero Value is nil.
func appendReflect(b []byte, v reflect.Value) (out []byte, err error) {
	if !v.IsValid() {
		return msgpack.AppendNil(b), nil
	}
	out = b
	defer recoverMethod(v.Type(), &err)
	e := encoders.Get().(*encoder)
	e.b = b
	if err := codecOf(v.Type()).encode(e, v); err != nil {
		return b, err
	}
	return e.finish(), nil
}

// recoverMethod turns the panic of a method of t, or of a type in it, into an error.
// It is deferred.
func recoverMethod(t reflect.Type, err *error) {
	if p := recover(); p != nil {
		*err = valueErrorf("a method of %v, or of a type in it, panicked: %v", t, p)
	}
}

// decoders are copies that decoding works on, so that a caller's Reader can stay on its
// stack.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

// readValue reads the next value into v, which can be set.
func readValue(r *decoder, v reflect.Value) (err error) {
	defer recoverMethod(v.Type(), &err)
	d := decoders.Get().(*decoder)
	*d = *r
	d.room = roomFloor + roomFactor*r.Len()
	c := codecOf(v.Type())
	if c.inParts {
		v.SetZero()
	}
	if err := c.decode(d, v); err != nil {
		return err
	}
	r.off = d.off
	*d = decoder{}
	decoders.Put(d)
	return nil
}
