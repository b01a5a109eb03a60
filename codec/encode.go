package codec

import (
	"reflect"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
)

func encodeBool(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendBool(e.b, v.Bool())
	return nil
}
func encodeInt(e *encoder, v reflect.Value) error { e.b = msgpack.AppendInt(e.b, v.Int()); return nil }
func encodeUint(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendUint(e.b, v.Uint())
	return nil
}

func encodeFloat32(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendFloat32(e.b, float32(v.Float()))
	return nil
}

func encodeFloat64(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendFloat64(e.b, v.Float())
	return nil
}

func encodeString(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendString(e.b, v.String())
	return nil
}

func encodeBytes(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendBytes(e.b, v.Bytes())
	return nil
}

func encodeByteArray(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendBytesHeader(e.b, v.Len())
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
	e.b = msgpack.AppendTime(e.b, v.Interface().(time.Time))
	return nil
}

// encodeError encodes an error as its text.
func encodeError(e *encoder, v reflect.Value) error {
	if isNil(v) {
		e.b = msgpack.AppendNil(e.b)
	} else {
		e.b = msgpack.AppendString(e.b, v.Interface().(error).Error())
	}
	return nil
}

// encodeErrorAt is encodeError for a struct, or what a pointer to it is.
func encodeErrorAt(e *encoder, v reflect.Value) error {
	e.b = msgpack.AppendString(e.b, receiver(v).(error).Error())
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
			e.b = msgpack.AppendNil(e.b)
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
		e.b = msgpack.AppendArrayHeader(e.b, n)
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
	keysMayMeet := mayMeet(t.Key())
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.b = msgpack.AppendNil(e.b)
			return nil
		}
		if err := e.open(2 * v.Len()); err != nil {
			return err
		}
		e.b = msgpack.AppendMapHeader(e.b, v.Len())
		var met metKeys
		if keysMayMeet && v.Len() > 1 {
			met = make(metKeys, v.Len())
		}
		// One place for all keys and one for all values, instead of one for each.
		k, x := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for pair := v.MapRange(); pair.Next(); {
			k.SetIterKey(pair)
			x.SetIterValue(pair)
			start := len(e.b)
			if err := key.encode(e, k); err != nil {
				return inside(keySegment, err)
			}
			if f := msgpack.FamilyOf(e.b[start]); f == msgpack.Array || f == msgpack.Map {
				return inside(keySegment, valueErrorf("%v can't be the key of a map; keys are scalars, such as a string", f))
			}
			if met != nil {
				if err := met.add(e.b[start:]); err != nil {
					return err
				}
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
			e.b = msgpack.AppendNil(e.b)
			return nil
		}
		return elem.encode(e, v.Elem())
	}
}
