package codec

import (
	"reflect"
	"time"
)

// Reader reads msgpack values one after the other, such as a call's arguments or its result:
// scalars by the method of their type, arrays and maps by their head and then their elements,
// and anything else by [Reader.Value].
//
// Its methods read one value and step behind it; one that fails leaves the Reader where it
// was. The error is a *[ValueError] where the value is another than was asked for, and
// otherwise says that the bytes are no msgpack, or end too early. Every bound is checked and
// nothing is allocated for a length that no bytes stand behind, so bytes of strangers may be
// read as they come.
//
// Text reads bytes and bytes read text, and numbers of any width read each other where the
// value is in range. A nil is only read into what can be nil.
//
// A Reader is a small value: a copy of it is a mark to return to. It is not for several
// goroutines at once.
type Reader struct{ decoder }

// NewReader returns a Reader at the start of data. What it returns by reference shares data's
// memory.
func NewReader(data []byte) Reader { return Reader{decoder{data: data}} }

// NewOwnedReader is [NewReader] for data that nobody uses otherwise, now or later: long bytes
// that are most of it aren't copied.
func NewOwnedReader(data []byte) Reader { return Reader{decoder{data: data, owned: true}} }

// Value reads the next value into what ptr, a pointer that isn't nil, points to. See the
// package's documentation for how values of Go types stand in msgpack. An error in a nested
// value is a *[ValueError] that names its path; after an error what ptr points to may be
// changed in part.
//
// The usual scalars are read without reflection. Slices, maps and what pointers point to are
// made afresh; together they may take 4 MiB and 128 times the bytes that are left, so that a
// few bytes can't stand for huge values. A panic of a type's own method is an error.
func (r *Reader) Value(ptr any) error {
	switch p := ptr.(type) {
	case *bool:
		return readInto(p, &r.decoder, (*decoder).Bool)
	case *float64:
		return readInto(p, &r.decoder, (*decoder).Float64)
	case *string:
		return readInto(p, &r.decoder, (*decoder).String)
	case *[]byte:
		return readInto(p, &r.decoder, (*decoder).Bytes)
	case *time.Time:
		return readInto(p, &r.decoder, (*decoder).Time)
	case *int64:
		return readInto(p, &r.decoder, func(r *decoder) (int64, error) { return r.Int(64) })
	case *int:
		return readInto(p, &r.decoder, func(r *decoder) (int, error) {
			v, err := r.Int(reflect.TypeFor[int]().Bits())
			return int(v), err
		})
	}
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return valueErrorf("can't read into a %T; hint: pass a pointer that isn't nil", ptr)
	}
	return readValue(&r.decoder, v.Elem())
}

// readInto reads with read and, if that went well, stores what was read.
func readInto[T any](p *T, r *decoder, read func(*decoder) (T, error)) error {
	if p == nil {
		return valueErrorf("can't read into a nil %T; hint: pass a pointer that isn't nil", p)
	}
	v, err := read(r)
	if err == nil {
		*p = v
	}
	return err
}

// ReflectValue is [Reader.Value] for a reflect.Value that can be set, such as the
// Elem of a pointer.
func (r *Reader) ReflectValue(v reflect.Value) error {
	if !v.CanSet() {
		return valueErrorf("can't read into a value that can't be set; hint: pass the Elem of a pointer")
	}
	return readValue(&r.decoder, v)
}
