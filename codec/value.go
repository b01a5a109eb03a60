package codec

import (
	"reflect"
	"sync"
	"time"
)

// How Go values stand on the codec. AppendValue writes it and Reader.Value reads it:
//
//	bool, numbers, string  themselves; numbers in the shortest form of their family
//	[]byte, [N]byte        bin; a nil []byte is nil
//	slices, [N]T           array; a nil slice is nil; an array has exactly N elements
//	maps                   map; a nil map is nil; keys are scalars, in no set order
//	structs                map by field names, see [gofields.FieldsOf]
//	pointers               what they point to, or nil
//	any                    what it holds; see [Reader.dynamic] for the way back
//	time.Time              timestamp, read back in UTC
//	error                  its text, and so what implements it inside an any
//	json.Number            the number
//	types with a codec     what the codec says, see [codecMethods]
//
// What would arrive as nothing is an error: a struct with hidden fields only, a context,
// fields that hide each other.
//
// A nil is only read into what can be nil: as 0 or "" it would hide a caller's mistake.
// What is read is as in a new variable, whatever was there: slices, maps and what pointers
// point to are made afresh, and fields that the data doesn't name are zero.

// AppendValue appends any Go value. An error, a *[ValueError], names the path to what
// can't be sent: a channel, a function, a value that contains itself, or what a
// type's own codec failed at or panicked with. b then has its old length.
//
// Nothing is appended that [Scan] refuses, with room to spare for a few arrays around it.
func AppendValue(b []byte, v any) (out []byte, err error) {
	if out, ok := appendPlain(b, v); ok {
		return out, nil
	}
	out = b
	defer recoverMethod(reflect.TypeOf(v), &err)
	e := encoders.Get().(*encoder)
	e.b = b
	if err := e.dynamic(v); err != nil {
		return b, err
	}
	return e.finish(), nil
}

// AppendReflect is [AppendValue] for a reflect.Value; the zero Value is nil.
func AppendReflect(b []byte, v reflect.Value) (out []byte, err error) {
	if !v.IsValid() {
		return AppendNil(b), nil
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

// finish returns what was encoded and puts the encoder back. One that failed isn't
// put back: a type's own method may still hold on to it.
func (e *encoder) finish() []byte {
	out := e.b
	*e = encoder{}
	encoders.Put(e)
	return out
}

// recoverMethod turns the panic of a method of t, or of a type in it, into an error.
// It is deferred.
func recoverMethod(t reflect.Type, err *error) {
	if p := recover(); p != nil {
		*err = valueErrorf("a method of %v, or of a type in it, panicked: %v", t, p)
	}
}

// appendPlain appends the types that calls are mostly made of, without reflection.
func appendPlain(b []byte, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return AppendNil(b), true
	case bool:
		return AppendBool(b, v), true
	case int:
		return AppendInt(b, int64(v)), true
	case int8:
		return AppendInt(b, int64(v)), true
	case int16:
		return AppendInt(b, int64(v)), true
	case int32:
		return AppendInt(b, int64(v)), true
	case int64:
		return AppendInt(b, v), true
	case uint:
		return AppendUint(b, uint64(v)), true
	case uint8:
		return AppendUint(b, uint64(v)), true
	case uint16:
		return AppendUint(b, uint64(v)), true
	case uint32:
		return AppendUint(b, uint64(v)), true
	case uint64:
		return AppendUint(b, v), true
	case float32:
		return AppendFloat32(b, v), true
	case float64:
		return AppendFloat64(b, v), true
	case string:
		return AppendString(b, v), true
	case []byte:
		return AppendBytes(b, v), true
	case time.Time:
		return AppendTime(b, v), true
	case time.Duration:
		return AppendInt(b, int64(v)), true
	}
	return b, false
}

// Value reads the next value into what ptr, a pointer that isn't nil, points to. An
// error in a nested value is a *[ValueError] that names its path. After an error what
// ptr points to may be changed in part.
//
// A length alone takes no memory, and elements take at most [roomFactor] times the
// bytes that hold them, see there.
func (r *Reader) Value(ptr any) error {
	switch p := ptr.(type) {
	case *bool:
		return readInto(p, r, (*Reader).Bool)
	case *float64:
		return readInto(p, r, (*Reader).Float64)
	case *string:
		return readInto(p, r, (*Reader).String)
	case *[]byte:
		return readInto(p, r, (*Reader).Bytes)
	case *time.Time:
		return readInto(p, r, (*Reader).Time)
	case *int64:
		return readInto(p, r, func(r *Reader) (int64, error) { return r.Int(64) })
	case *int:
		return readInto(p, r, func(r *Reader) (int, error) {
			v, err := r.Int(reflect.TypeFor[int]().Bits())
			return int(v), err
		})
	}
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return valueErrorf("can't read into a %T; hint: pass a pointer that isn't nil", ptr)
	}
	return r.ReflectValue(v.Elem())
}

// readInto reads with read and, if that went well, stores what was read.
func readInto[T any](p *T, r *Reader, read func(*Reader) (T, error)) error {
	if p == nil {
		return valueErrorf("can't read into a nil %T; hint: pass a pointer that isn't nil", p)
	}
	v, err := read(r)
	if err == nil {
		*p = v
	}
	return err
}

// readers are copies that decoding works on, so that a caller's Reader can stay on
// its stack.
var readers = sync.Pool{New: func() any { return new(Reader) }}

// ReflectValue is [Reader.Value] for a reflect.Value that can be set, such as the
// Elem of a pointer.
func (r *Reader) ReflectValue(v reflect.Value) (err error) {
	if !v.CanSet() {
		return valueErrorf("can't read into a value that can't be set; hint: pass the Elem of a pointer")
	}
	defer recoverMethod(v.Type(), &err)
	d := readers.Get().(*Reader)
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
	*d = Reader{}
	readers.Put(d)
	return nil
}
