package signature

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
)

// ownEncoding says how values of a Go type are encoded by methods of their own.
type ownEncoding int

const (
	noEncoding     ownEncoding = iota
	anyEncoding                // EncodeMsgpack, MarshalMsgpack: any msgpack value
	bytesEncoding              // MarshalBinary: a msgpack bin
	textEncoding               // MarshalText: a msgpack str
	brokenEncoding             // half a pair: written and never read, or the reverse
)

// methodPairs are the pairs of methods that the wire honours (internal/wire,
// methods.go): the first of which a type or its pointer has both halves wins. There is
// no json.Marshaler among them.
var methodPairs = []struct {
	encoding       ownEncoding
	writer, reader string
	writes, reads  func(reflect.Type) bool
}{
	{anyEncoding, "EncodeMsgpack", "DecodeMsgpack", takesMsgpack("EncodeMsgpack", "Encoder"), takesMsgpack("DecodeMsgpack", "Decoder")},
	{anyEncoding, "MarshalMsgpack", "UnmarshalMsgpack", implements[interface{ MarshalMsgpack() ([]byte, error) }](), implements[interface{ UnmarshalMsgpack([]byte) error }]()},
	{bytesEncoding, "MarshalBinary", "UnmarshalBinary", implements[encoding.BinaryMarshaler](), implements[encoding.BinaryUnmarshaler]()},
	{textEncoding, "MarshalText", "UnmarshalText", implements[encoding.TextMarshaler](), implements[encoding.TextUnmarshaler]()},
}

// encodingOf returns how values of t are encoded by methods of their own. The error
// belongs to brokenEncoding.
func encodingOf(t reflect.Type) (ownEncoding, error) {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface {
		return noEncoding, nil // what they lead to may have one
	}
	receiver := reflect.PointerTo(t) // has t's own methods too
	var halves []string
	for _, pair := range methodPairs {
		writes, reads := pair.writes(receiver), pair.reads(receiver)
		switch {
		case writes && reads:
			return pair.encoding, nil
		case writes:
			halves = append(halves, pair.writer+" without "+pair.reader)
		case reads:
			halves = append(halves, pair.reader+" without "+pair.writer)
		}
	}
	if halves == nil {
		return noEncoding, nil
	}
	return brokenEncoding, fmt.Errorf("%.100v has %s, so what is written couldn't be read; add the other half", t, strings.Join(halves, " and "))
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
