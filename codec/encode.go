package codec

import (
	"encoding/binary"
	"reflect"
	"sync"
	"time"
)

// encoder appends one value and keeps count of what a receiver's limits are about.
type encoder struct {
	b []byte
	// depth counts the arrays and maps that are open, interfaces the interfaces being
	// followed, which a value that holds a pointer to itself can do without opening any.
	depth, interfaces int
	// elements counts what arrays and maps hold.
	elements int
}

const (
	// maxAppendDepth is how deep arrays and maps may lie in an appended value. The rest
	// of MaxDepth is for what is put around it, such as the array of arguments.
	maxAppendDepth = MaxDepth - 4
	maxInterfaces  = 4 * MaxDepth
)

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// open is called before the head of an array or a map of so many values, and done
// after its end.
func (e *encoder) open(values int) error {
	if e.depth++; e.depth > maxAppendDepth {
		return valueErrorf("arrays and maps lie more than %d deep here; a value that contains itself can't be sent", maxAppendDepth)
	}
	if e.elements += values; e.elements > MaxElements {
		return valueErrorf("the value holds more than %d values; send it in parts, or as bytes", MaxElements)
	}
	return nil
}

func (e *encoder) done() { e.depth-- }

// dynamic encodes what an interface holds.
func (e *encoder) dynamic(v any) error {
	if b, ok := appendPlain(e.b, v); ok {
		e.b = b
		return nil
	}
	switch v := v.(type) {
	case []float64:
		return encodeElements(e, v, AppendFloat64)
	case []int:
		return encodeElements(e, v, func(b []byte, v int) []byte { return AppendInt(b, int64(v)) })
	case []int64:
		return encodeElements(e, v, AppendInt)
	case []string:
		return encodeElements(e, v, AppendString)
	case map[string]string:
		if err := e.open(2 * len(v)); err != nil {
			return err
		}
		e.b = AppendStringMap(e.b, v)
		e.done()
		return nil
	}
	if e.interfaces++; e.interfaces > maxInterfaces {
		return valueErrorf("the value contains itself; such a value can't be sent")
	}
	r := reflect.ValueOf(v)
	if err := codecOf(r.Type()).held(e, r); err != nil {
		return err
	}
	e.interfaces--
	return nil
}

// encodeElements encodes a slice of scalars.
func encodeElements[T any](e *encoder, s []T, one func([]byte, T) []byte) error {
	if s == nil {
		e.b = AppendNil(e.b)
		return nil
	}
	if err := e.open(len(s)); err != nil {
		return err
	}
	b := AppendArrayHeader(e.b, len(s))
	for _, v := range s {
		b = one(b, v)
	}
	e.b = b
	e.done()
	return nil
}

func encodeBool(e *encoder, v reflect.Value) error { e.b = AppendBool(e.b, v.Bool()); return nil }
func encodeInt(e *encoder, v reflect.Value) error  { e.b = AppendInt(e.b, v.Int()); return nil }
func encodeUint(e *encoder, v reflect.Value) error { e.b = AppendUint(e.b, v.Uint()); return nil }

func encodeFloat32(e *encoder, v reflect.Value) error {
	e.b = AppendFloat32(e.b, float32(v.Float()))
	return nil
}

func encodeFloat64(e *encoder, v reflect.Value) error {
	e.b = AppendFloat64(e.b, v.Float())
	return nil
}

func encodeString(e *encoder, v reflect.Value) error {
	e.b = AppendString(e.b, v.String())
	return nil
}

func encodeBytes(e *encoder, v reflect.Value) error {
	e.b = AppendBytes(e.b, v.Bytes())
	return nil
}

func encodeByteArray(e *encoder, v reflect.Value) error {
	e.b = AppendBytesHeader(e.b, v.Len())
	if v.CanAddr() {
		e.b = append(e.b, v.Bytes()...)
		return nil
	}
	for i := range v.Len() {
		e.b = append(e.b, byte(v.Index(i).Uint()))
	}
	return nil
}

func encodeTime(e *encoder, v reflect.Value) error {
	e.b = AppendTime(e.b, v.Interface().(time.Time))
	return nil
}

// encodeError encodes an error as its text.
func encodeError(e *encoder, v reflect.Value) error {
	if isNil(v) {
		e.b = AppendNil(e.b)
	} else {
		e.b = AppendString(e.b, v.Interface().(error).Error())
	}
	return nil
}

// encodeErrorAt is encodeError for a struct, or what a pointer to it is.
func encodeErrorAt(e *encoder, v reflect.Value) error {
	e.b = AppendString(e.b, receiver(v).(error).Error())
	return nil
}

// encodeContext refuses a context: what is in it isn't for others.
func encodeContext(_ *encoder, v reflect.Value) error {
	return valueErrorf("a context can't be sent, and this is a %.100v; send what is in it that the other side needs", v.Type())
}

func encodeSlice(elem *codec) func(*encoder, reflect.Value) error {
	array := encodeArray(elem)
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.b = AppendNil(e.b)
			return nil
		}
		return array(e, v)
	}
}

func encodeArray(elem *codec) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		n := v.Len()
		if err := e.open(n); err != nil {
			return err
		}
		e.b = AppendArrayHeader(e.b, n)
		for i := range n {
			if err := elem.encode(e, v.Index(i)); err != nil {
				return inside(indexOf(i), err)
			}
		}
		e.done()
		return nil
	}
}

func encodeMap(t reflect.Type, key, elem *codec) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.b = AppendNil(e.b)
			return nil
		}
		if err := e.open(2 * v.Len()); err != nil {
			return err
		}
		e.b = AppendMapHeader(e.b, v.Len())
		// One place for all keys and one for all values, instead of one for each.
		k, x := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for pair := v.MapRange(); pair.Next(); {
			k.SetIterKey(pair)
			x.SetIterValue(pair)
			start := len(e.b)
			if err := key.encode(e, k); err != nil {
				return inside(keySegment, err)
			}
			if f := families[e.b[start]]; f == arrayFamily || f == mapFamily {
				return inside(keySegment, valueErrorf("%v can't be the key of a map; keys are scalars, such as a string", f))
			}
			if err := elem.encode(e, x); err != nil {
				return inside(keyName(k), err)
			}
		}
		e.done()
		return nil
	}
}

func encodePointer(elem *codec) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.b = AppendNil(e.b)
			return nil
		}
		return elem.encode(e, v.Elem())
	}
}

func encodeInterface(e *encoder, v reflect.Value) error {
	if v.IsNil() {
		e.b = AppendNil(e.b)
		return nil
	}
	return e.dynamic(v.Interface())
}

func encodeStruct(fields *structFields) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		n := len(fields.list)
		if err := e.open(2 * n); err != nil {
			return err
		}
		start := len(e.b)
		e.b = AppendMapHeader(e.b, n)
		written := n
		for i := range fields.list {
			f := &fields.list[i]
			fv, ok := f.of(v)
			if !ok || f.empty != nil && f.empty(fv) {
				written--
				continue
			}
			e.b = append(e.b, f.head...)
			if err := f.codec.encode(e, fv); err != nil {
				return inside(f.name, err)
			}
		}
		if written < n {
			// The head keeps its width, so that nothing behind it has to move.
			if n < 16 {
				e.b[start] = 0x80 | byte(written)
			} else {
				binary.BigEndian.PutUint16(e.b[start+1:], uint16(written))
			}
		}
		e.done()
		return nil
	}
}
