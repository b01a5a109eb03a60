package codec

import (
	"reflect"
	"sync"
	"time"
)

// codec moves values of one Go type to and from the codec. It is made once a type.
type codec struct {
	encode func(e *encoder, v reflect.Value) error
	// decode needs a v that can be set.
	decode func(r *Reader, v reflect.Value) error
}

// codecs holds a *codec for each reflect.Type that was met.
var codecs sync.Map

var (
	timeType  = reflect.TypeFor[time.Time]()
	errorType = reflect.TypeFor[error]()
)

// maxPointers is how many pointers may lie in a row, as in **T. Without a limit a
// type such as "type P *P" would be followed for ever.
const maxPointers = 8

func codecOf(t reflect.Type) *codec {
	if c, ok := codecs.Load(t); ok {
		return c.(*codec)
	}
	m := make(codecMaker)
	c := m.codec(t)
	for t, c := range m {
		codecs.LoadOrStore(t, c)
	}
	return c
}

// codecMaker holds the codecs being made. A type that contains itself finds its own
// here, empty yet, and refers to it. They are shared only when all are complete.
type codecMaker map[reflect.Type]*codec

func (m codecMaker) codec(t reflect.Type) *codec {
	if c, ok := codecs.Load(t); ok {
		return c.(*codec)
	}
	if c, ok := m[t]; ok {
		return c
	}
	c := new(codec)
	m[t] = c
	switch {
	case t == timeType:
		c.encode, c.decode = encodeTime, decodeTime
		return c
	case t == errorType:
		c.encode, c.decode = encodeError, decodeError
		return c
	}
	methods := methodsOf(t)
	if methods.encode == nil || methods.decode == nil {
		m.byKind(c, t)
	}
	if methods.encode != nil {
		c.encode = methods.encode
	}
	if methods.decode != nil {
		c.decode = methods.decode
	}
	return c
}

// byKind fills c for a type without codec methods.
func (m codecMaker) byKind(c *codec, t reflect.Type) {
	switch t.Kind() {
	case reflect.Bool:
		c.encode, c.decode = encodeBool, decodeBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c.encode, c.decode = encodeInt, decodeInt(t.Bits())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		c.encode, c.decode = encodeUint, decodeUint(t.Bits())
	case reflect.Float32:
		c.encode, c.decode = encodeFloat32, decodeFloat32
	case reflect.Float64:
		c.encode, c.decode = encodeFloat64, decodeFloat64
	case reflect.String:
		c.encode, c.decode = encodeString, decodeString
	case reflect.Slice:
		if isByte(t.Elem()) {
			c.encode, c.decode = encodeBytes, decodeBytes
			return
		}
		elem := m.codec(t.Elem())
		c.encode, c.decode = encodeSlice(elem), decodeSlice(t, elem)
	case reflect.Array:
		if isByte(t.Elem()) {
			c.encode, c.decode = encodeByteArray, decodeByteArray
			return
		}
		elem := m.codec(t.Elem())
		c.encode, c.decode = encodeArray(elem), decodeArray(elem)
	case reflect.Map:
		key, elem := m.codec(t.Key()), m.codec(t.Elem())
		if k := t.Key(); k.Kind() == reflect.Interface && k.NumMethod() == 0 {
			key = &codec{encode: encodeInterface, decode: decodeInterfaceKey}
		}
		c.encode, c.decode = encodeMap(t, key, elem), decodeMap(t, key, elem)
	case reflect.Pointer:
		target := t
		for range maxPointers {
			if target = target.Elem(); target.Kind() != reflect.Pointer {
				elem := m.codec(t.Elem())
				c.encode, c.decode = encodePointer(elem), decodePointer(t, elem)
				return
			}
		}
		c.unsupported(t)
	case reflect.Interface:
		c.encode, c.decode = encodeInterface, decodeInterface
		if t.NumMethod() > 0 {
			c.decode = unsupportedInterface(t)
		}
	case reflect.Struct:
		fields := m.fieldsOf(t)
		c.encode, c.decode = encodeStruct(fields), decodeStruct(fields)
	default:
		c.unsupported(t)
	}
}

// isByte reports whether lists of t travel as bin, whatever methods t has.
func isByte(t reflect.Type) bool { return t.Kind() == reflect.Uint8 }

// unsupported makes a codec that says what can't be sent, so that only a value that
// really holds one fails.
func (c *codec) unsupported(t reflect.Type) {
	c.encode = func(*encoder, reflect.Value) error {
		return valueErrorf("a %v can't be sent; leave the field out with the tag `msgpack:\"-\"`, or send something else", t)
	}
	c.decode = func(*Reader, reflect.Value) error {
		return valueErrorf("a %v can't be received; leave the field out with the tag `msgpack:\"-\"`", t)
	}
}

func unsupportedInterface(t reflect.Type) func(*Reader, reflect.Value) error {
	return func(r *Reader, v reflect.Value) error {
		if r.Nil() {
			v.SetZero()
			return nil
		}
		return valueErrorf("nothing tells which type to make for the interface %v; use a concrete type or any", t)
	}
}
