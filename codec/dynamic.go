package codec

import (
	"math"
	"reflect"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// readAny reads the next value into the Go type that is natural for it:
//
//	integer    int64, or uint64 above the largest int64
//	float      float64
//	text       string
//	bin        []byte
//	array      []any
//	map        map[string]any, or map[any]any if a key isn't text (a bin key is a string)
//	timestamp  time.Time in UTC
func readAny(r *decoder) (any, error) {
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	switch h.Family {
	case msgpack.Nil:
		r.off++
		return nil, nil
	case msgpack.Bool:
		return r.Bool()
	case msgpack.Int:
		n, err := r.number()
		if n.Form == msgpack.Positive && n.Bits > math.MaxInt64 {
			return n.Bits, err
		}
		return int64(n.Bits), err
	case msgpack.Float:
		return r.Float64()
	case msgpack.String:
		return r.String()
	case msgpack.Bytes:
		return r.Bytes()
	case msgpack.Time:
		return r.Time()
	case msgpack.Array:
		return readAnyArray(r)
	}
	return readAnyMap(r)
}

func readAnyArray(r *decoder) (any, error) {
	n, err := r.ArrayHeader()
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	s := make([]any, 0, min(n, 64))
	for i := range n {
		v, err := readAny(r)
		if err != nil {
			return nil, inside(indexOf(i), err)
		}
		s = append(s, v)
	}
	r.done()
	return s, nil
}

func readAnyMap(r *decoder) (any, error) {
	n, err := r.MapHeader()
	if err != nil {
		return nil, err
	}
	if err := r.open(); err != nil {
		return nil, err
	}
	byName := make(map[string]any, min(n, maxMapHint))
	// byKey takes over from the first key that isn't text.
	var byKey map[any]any
	for range n {
		key, err := readAnyKey(r)
		if err != nil {
			return nil, inside(keySegment, err)
		}
		name, isText := key.(string)
		segment := keySegment
		if isText {
			segment = nameOf(name)
		}
		value, err := readAny(r)
		if err != nil {
			return nil, inside(segment, err)
		}
		if !isText && byKey == nil {
			byKey = make(map[any]any, len(byName)+1)
			for k, v := range byName {
				byKey[k] = v
			}
		}
		if byKey != nil {
			byKey[key] = value
		} else {
			byName[name] = value
		}
	}
	r.done()
	if byKey != nil {
		return byKey, nil
	}
	return byName, nil
}

// readAnyKey reads the key of a map into a type that Go can hash: a bin is a string.
func readAnyKey(r *decoder) (any, error) {
	if err := r.scalarNext(); err != nil {
		return nil, err
	}
	key, err := readAny(r)
	if b, ok := key.([]byte); ok {
		return string(b), err
	}
	return key, err
}

func decodeInterface(r *decoder, v reflect.Value) error { return setDynamic(v, readAny, r) }

// decodeInterfaceKey is decodeInterface for the key of a map.
func decodeInterfaceKey(r *decoder, v reflect.Value) error {
	return setDynamic(v, readAnyKey, r)
}

func setDynamic(v reflect.Value, read func(*decoder) (any, error), r *decoder) error {
	x, err := read(r)
	if err != nil {
		return err
	}
	if x == nil {
		v.SetZero()
	} else {
		v.Set(reflect.ValueOf(x))
	}
	return nil
}

// encodeAny encodes what an interface holds. Its type is known only now, so its codec is looked
// up; the plan, which all codecs come from, hands its lookup down here.
func encodeAny(e *encoder, v any, lookup func(reflect.Type) *codec) error {
	if b, ok := appendPlain(e.b, v); ok {
		e.b = b
		return nil
	}
	switch v := v.(type) {
	case []float64:
		return encodeElements(e, v, msgpack.AppendFloat64)
	case []int:
		return encodeElements(e, v, func(b []byte, v int) []byte { return msgpack.AppendInt(b, int64(v)) })
	case []int64:
		return encodeElements(e, v, msgpack.AppendInt)
	case []string:
		return encodeElements(e, v, msgpack.AppendString)
	case map[string]string:
		if err := e.open(2 * len(v)); err != nil {
			return err
		}
		e.b = msgpack.AppendStringMap(e.b, v)
		e.done()
		return nil
	}
	if e.interfaces++; e.interfaces > maxInterfaces {
		return valueErrorf("the value contains itself; such a value can't be sent")
	}
	r := reflect.ValueOf(v)
	if err := lookup(r.Type()).held(e, r); err != nil {
		return err
	}
	e.interfaces--
	return nil
}

// encodeElements encodes a slice of scalars.
func encodeElements[T any](e *encoder, s []T, one func([]byte, T) []byte) error {
	if s == nil {
		e.b = msgpack.AppendNil(e.b)
		return nil
	}
	if err := e.open(len(s)); err != nil {
		return err
	}
	b := msgpack.AppendArrayHeader(e.b, len(s))
	for _, v := range s {
		b = one(b, v)
	}
	e.b = b
	e.done()
	return nil
}

func encodeInterface(lookup func(reflect.Type) *codec) func(*encoder, reflect.Value) error {
	return func(e *encoder, v reflect.Value) error {
		if v.IsNil() {
			e.b = msgpack.AppendNil(e.b)
			return nil
		}
		return encodeAny(e, v.Interface(), lookup)
	}
}
