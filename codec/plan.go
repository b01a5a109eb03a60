package codec

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/gofields"
)

// codecs holds a *codec for each reflect.Type that was met.
var codecs sync.Map

var (
	timeType    = reflect.TypeFor[time.Time]()
	errorType   = reflect.TypeFor[error]()
	contextType = reflect.TypeFor[context.Context]()
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
	own := gofields.OwnOf(gofields.Types{}, t)
	switch t {
	case timeType:
		c.encode, c.decode = encodeTime, decodeTime
	case errorType:
		c.encode, c.decode = encodeError, decodeError
	case numberType:
		c.encode, c.decode = encodeNumber, decodeNumber
	default:
		m.fill(c, t, own)
	}
	switch {
	case t.Implements(contextType):
		c.held = encodeContext
	case t.Implements(errorType) && !m.encodesItself(t):
		c.held = encodeError
	default:
		c.held = c.encode
	}
	return c
}

// encodesItself reports a type, or a pointer to one, with a form of its own on the wire.
func (codecMaker) encodesItself(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return gofields.OwnOf(gofields.Types{}, t).Write != gofields.None
}

// fill fills c by the methods of t's own, and where they are missing by its kind.
func (m codecMaker) fill(c *codec, t reflect.Type, own gofields.Own) {
	methods := methodsOf(own)
	c.inParts = t.Kind() == reflect.Struct || t.Kind() == reflect.Array || methods.decode != nil
	if methods.encode == nil || methods.decode == nil {
		m.byKind(c, t)
	}
	if methods.encode != nil {
		c.encode = methods.encode
	}
	if methods.decode != nil {
		c.decode = methods.decode
	}
}

// key returns the codec for the keys of a map. Some types stand for something else there.
func (m codecMaker) key(t reflect.Type) *codec {
	if t.Kind() == reflect.Interface && t.NumMethod() == 0 {
		return &codec{encode: encodeInterface(codecOf), decode: decodeInterfaceKey}
	}
	form, own := gofields.KeyFormOf(gofields.Types{}, t)
	if form == gofields.Elsewhere {
		return m.codec(t)
	}
	c := new(codec)
	m.fill(c, t, own)
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
		if gofields.IsByte(gofields.Types{}, t.Elem()) {
			c.encode, c.decode = encodeBytes, decodeBytes
			return
		}
		elem := m.codec(t.Elem())
		c.encode, c.decode = encodeSlice(elem), decodeSlice(t, elem)
	case reflect.Array:
		if gofields.IsByte(gofields.Types{}, t.Elem()) {
			c.encode, c.decode = encodeByteArray, decodeByteArray
			return
		}
		elem := m.codec(t.Elem())
		c.encode, c.decode = encodeArray(elem), decodeArray(elem)
	case reflect.Map:
		key, elem := m.key(t.Key()), m.codec(t.Elem())
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
		m.unsupported(c, t)
	case reflect.Interface:
		c.encode, c.decode = encodeInterface(codecOf), decodeInterface
		if t.NumMethod() > 0 {
			c.decode = unsupportedInterface(t)
		}
	case reflect.Struct:
		m.byFields(c, t)
	default:
		m.unsupported(c, t)
	}
}

// byFields fills c for a struct.
func (m codecMaker) byFields(c *codec, t reflect.Type) {
	fields := gofields.FieldsOf(gofields.Types{}, t)
	fault := faultOf(t, fields)
	if fault == nil {
		known := newStructFields(fields, m.field)
		c.encode, c.decode = encodeStruct(known), decodeStruct(known)
		return
	}
	c.encode = func(*encoder, reflect.Value) error { return fault }
	c.decode = func(*decoder, reflect.Value) error { return fault }
	if fields.OnlyHidden() && reflect.PointerTo(t).Implements(errorType) {
		c.encode = encodeErrorAt
	}
}

// field returns the codec of a struct's field.
func (m codecMaker) field(f gofields.Field[reflect.Type]) *codec {
	if f.AsString {
		return quoted(f.Type)
	}
	return m.codec(f.Type)
}

// unsupported fills c so that it says what can't be sent, and only a value that really holds
// one fails.
func (codecMaker) unsupported(c *codec, t reflect.Type) {
	c.encode = func(*encoder, reflect.Value) error {
		if t.Kind() == reflect.Func {
			return valueErrorf("a %v can't be sent; leave the field out with the tag `msgpack:\"-\"`, or send something else; a stream is an iter.Seq2[T, error], the last argument", t)
		}
		return valueErrorf("a %v can't be sent; leave the field out with the tag `msgpack:\"-\"`, or send something else", t)
	}
	c.decode = func(*decoder, reflect.Value) error {
		return valueErrorf("a %v can't be received; leave the field out with the tag `msgpack:\"-\"`", t)
	}
}

func unsupportedInterface(t reflect.Type) func(*decoder, reflect.Value) error {
	return func(r *decoder, v reflect.Value) error {
		if r.Nil() {
			v.SetZero()
			return nil
		}
		return valueErrorf("nothing tells which type to make for the interface %v; use a concrete type or any", t)
	}
}
