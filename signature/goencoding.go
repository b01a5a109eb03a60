package signature

import (
	"encoding"
	"fmt"
	"reflect"
)

// encodingKind says how values of a Go type are encoded by methods of their own.
type encodingKind int

const (
	noEncoding      encodingKind = iota
	msgpackEncoding              // EncodeMsgpack, MarshalMsgpack: any msgpack value
	binaryEncoding               // MarshalBinary: a msgpack bin
	textEncoding                 // MarshalText: a msgpack bin too, not a str
)

// methods are the pairs that vmihailenco/msgpack v5.4.1 looks for, the first that a
// type has winning (encode_value.go, decode_value.go). It knows no json.Marshaler.
var methods = []struct {
	kind           encodingKind
	writes, reads  func(reflect.Type) bool
	writer, reader string // for messages
}{
	{msgpackEncoding, takesMsgpack("EncodeMsgpack", "Encoder"), takesMsgpack("DecodeMsgpack", "Decoder"), "EncodeMsgpack", "DecodeMsgpack"},
	{msgpackEncoding, implements[interface{ MarshalMsgpack() ([]byte, error) }](), implements[interface{ UnmarshalMsgpack([]byte) error }](), "MarshalMsgpack", "UnmarshalMsgpack"},
	{binaryEncoding, implements[encoding.BinaryMarshaler](), implements[encoding.BinaryUnmarshaler](), "MarshalBinary", "UnmarshalBinary"},
	{textEncoding, implements[encoding.TextMarshaler](), implements[encoding.TextUnmarshaler](), "MarshalText", "UnmarshalText"},
}

// encodingOf returns how values of t are encoded by their own methods, an error if
// they could be written and not read or the other way round.
func encodingOf(t reflect.Type) (encodingKind, error) {
	var written, read encodingKind
	var writer, reader string
	var throughPointer bool
	receivers := []reflect.Type{t}
	if t.Kind() != reflect.Pointer {
		receivers = append(receivers, reflect.PointerTo(t))
	}
	for i, receiver := range receivers {
		for _, m := range methods {
			if written == noEncoding && m.writes(receiver) {
				written, writer, throughPointer = m.kind, m.writer, i == 1
			}
			if read == noEncoding && m.reads(receiver) {
				read, reader = m.kind, m.reader
			}
		}
	}
	switch {
	case written == noEncoding && read == noEncoding:
		return noEncoding, nil
	case read == noEncoding:
		return 0, fmt.Errorf("%.100v has %s and nothing that reads it back; add the method that belongs to it", t, writer)
	case written == noEncoding:
		return 0, fmt.Errorf("%.100v has %s and nothing that writes it; add the method that belongs to it", t, reader)
	case written != read:
		return 0, fmt.Errorf("%.100v would be written by %s and read by %s, which don't belong together; add the missing ones", t, writer, reader)
	case throughPointer:
		// msgpack can only call it where the value has an address, which an argument
		// has not.
		return 0, fmt.Errorf("%.100v has %s on its pointer only; use *%v", t, writer, t)
	}
	return written, nil
}

func implements[I any]() func(reflect.Type) bool {
	i := reflect.TypeFor[I]()
	return func(t reflect.Type) bool { return t.Implements(i) }
}

// takesMsgpack tells whether a type has the method func(*msgpack.<parameter>) error.
// It goes by names, so that this package needs no msgpack.
func takesMsgpack(method, parameter string) func(reflect.Type) bool {
	return func(t reflect.Type) bool {
		m, ok := t.MethodByName(method)
		if !ok {
			return false
		}
		f := m.Type // its first parameter is the receiver
		if f.NumIn() != 2 || f.NumOut() != 1 || f.Out(0) != errorType || f.In(1).Kind() != reflect.Pointer {
			return false
		}
		p := f.In(1).Elem()
		return p.PkgPath() == "github.com/vmihailenco/msgpack/v5" && p.Name() == parameter
	}
}
