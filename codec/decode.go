package codec

import (
	"errors"
	"reflect"
)

// firstRoom is how many bytes are taken for the elements of a slice before any was
// read; from there it doubles. So a length that lies costs next to nothing.
const firstRoom = 4096

func decodeBool(r *decoder, v reflect.Value) error {
	x, err := r.Bool()
	if err == nil {
		v.SetBool(x)
	}
	return err
}

func decodeInt(bits int) func(*decoder, reflect.Value) error {
	return func(r *decoder, v reflect.Value) error {
		x, err := r.Int(bits)
		if err == nil {
			v.SetInt(x)
		}
		return err
	}
}

func decodeUint(bits int) func(*decoder, reflect.Value) error {
	return func(r *decoder, v reflect.Value) error {
		x, err := r.Uint(bits)
		if err == nil {
			v.SetUint(x)
		}
		return err
	}
}

func decodeFloat32(r *decoder, v reflect.Value) error {
	x, err := r.Float32()
	if err == nil {
		v.SetFloat(float64(x))
	}
	return err
}

func decodeFloat64(r *decoder, v reflect.Value) error {
	x, err := r.Float64()
	if err == nil {
		v.SetFloat(x)
	}
	return err
}

func decodeString(r *decoder, v reflect.Value) error {
	x, err := r.String()
	if err == nil {
		v.SetString(x)
	}
	return err
}

func decodeBytes(r *decoder, v reflect.Value) error {
	x, err := r.Bytes()
	if err == nil {
		v.SetBytes(x)
	}
	return err
}

func decodeByteArray(r *decoder, v reflect.Value) error {
	if r.Nil() {
		return valueErrorf("got nil, want %d bytes", v.Len())
	}
	x, err := r.BytesRef()
	if err != nil {
		return err
	}
	if len(x) != v.Len() {
		return valueErrorf("got %d bytes, want %d", len(x), v.Len())
	}
	copy(v.Bytes(), x)
	return nil
}

func decodeTime(r *decoder, v reflect.Value) error {
	x, err := r.Time()
	if err == nil {
		v.Set(reflect.ValueOf(x))
	}
	return err
}

func decodeError(r *decoder, v reflect.Value) error {
	if r.Nil() {
		v.SetZero()
		return nil
	}
	x, err := r.String()
	if err == nil {
		v.Set(reflect.ValueOf(errors.New(x)))
	}
	return err
}

func decodeSlice(t reflect.Type, elem *codec) func(*decoder, reflect.Value) error {
	size := int(t.Elem().Size())
	room := firstRoom / max(1, size)
	return func(r *decoder, v reflect.Value) error {
		if r.Nil() {
			v.SetZero()
			return nil
		}
		n, err := r.ArrayHeader()
		if err != nil {
			return err
		}
		if err := r.open(); err != nil {
			return err
		}
		first := min(n, max(1, room))
		if err := r.take(first * size); err != nil {
			return err
		}
		v.Set(reflect.MakeSlice(t, first, first))
		for i := range n {
			if i == v.Len() {
				more := min(n-i, i)
				if err := r.take(more * size); err != nil {
					return err
				}
				v.Grow(more)
				v.SetLen(i + more)
			}
			if err := elem.decode(r, v.Index(i)); err != nil {
				return inside(indexOf(i), err)
			}
		}
		r.done()
		return nil
	}
}

func decodeArray(elem *codec) func(*decoder, reflect.Value) error {
	return func(r *decoder, v reflect.Value) error {
		n, err := r.ArrayHeader()
		if err != nil {
			return err
		}
		if n != v.Len() {
			return valueErrorf("got %d elements, want %d", n, v.Len())
		}
		if err := r.open(); err != nil {
			return err
		}
		for i := range n {
			if err := elem.decode(r, v.Index(i)); err != nil {
				return inside(indexOf(i), err)
			}
		}
		r.done()
		return nil
	}
}

func decodeMap(t reflect.Type, key, elem *codec) func(*decoder, reflect.Value) error {
	size := int(t.Key().Size() + t.Elem().Size())
	return func(r *decoder, v reflect.Value) error {
		if r.Nil() {
			v.SetZero()
			return nil
		}
		n, err := r.MapHeader()
		if err != nil {
			return err
		}
		if err := r.open(); err != nil {
			return err
		}
		hint := min(n, maxMapHint)
		if err := r.take((hint + 1) * size); err != nil {
			return err
		}
		m := reflect.MakeMapWithSize(t, hint)
		k, x := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		for i := range n {
			if i >= hint {
				if err := r.take(size); err != nil {
					return err
				}
			}
			k.SetZero()
			x.SetZero()
			if err := r.scalarNext(); err != nil {
				return err
			}
			if err := key.decode(r, k); err != nil {
				return inside(keySegment, err)
			}
			if err := elem.decode(r, x); err != nil {
				return inside(keyName(k), err)
			}
			m.SetMapIndex(k, x)
		}
		v.Set(m)
		r.done()
		return nil
	}
}

func decodePointer(t reflect.Type, elem *codec) func(*decoder, reflect.Value) error {
	size := int(t.Elem().Size())
	return func(r *decoder, v reflect.Value) error {
		if r.Nil() {
			v.SetZero()
			return nil
		}
		if err := r.take(size); err != nil {
			return err
		}
		p := reflect.New(t.Elem())
		if err := elem.decode(r, p.Elem()); err != nil {
			return err
		}
		v.Set(p)
		return nil
	}
}
