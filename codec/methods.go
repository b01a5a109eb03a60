package codec

import (
	"reflect"

	"github.com/helium-rpc/helium/internal/gofields"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// codecMethods are what a type's own methods make of it, see [gofields.Pair]:
//
//	EncodeMsgpack, DecodeMsgpack      any one value, with the msgpack library's encoder
//	MarshalMsgpack, UnmarshalMsgpack  the bytes of any one value
//	MarshalJSON, UnmarshalJSON        what the JSON says, see [appendJSONText]
//	MarshalText, UnmarshalText        text; bin is read as well
//	MarshalBinary, UnmarshalBinary    bin
//
// A type with halves only is encoded and decoded by the first half there is, and by its
// kind where there is none. A nil is read as the zero value and reaches no method but
// UnmarshalJSON. What a method wrote must pass [msgpack.Scan].
type codecMethods struct {
	encode func(e *encoder, v reflect.Value) error
	decode func(r *decoder, v reflect.Value) error
}

// codecPair is one row of the list above.
type codecPair struct {
	encode func(e *encoder, receiver any) error
	decode func(r *decoder, receiver any) error
}

var codecPairs = [...]codecPair{
	gofields.Msgpack: {encodeCustom, decodeCustom},
	gofields.Raw:     {encodeMarshaler, decodeUnmarshaler},
	gofields.JSON:    {encodeJSON, decodeJSON},
	gofields.Text:    {encodeText, decodeText},
	gofields.Binary:  {encodeBinary, decodeBinary},
}

// methodsOf binds the methods of a type's own.
func methodsOf(own gofields.Own) codecMethods {
	var methods codecMethods
	if own.Write != gofields.None {
		encode := codecPairs[own.Write].encode
		// In JSON and as text a nil slice or map is what its methods say.
		nilToo := own.Write == gofields.JSON || own.Write == gofields.Text
		methods.encode = func(e *encoder, v reflect.Value) error {
			if !nilToo && isNil(v) {
				e.b = msgpack.AppendNil(e.b)
				return nil
			}
			return encode(e, receiver(v))
		}
	}
	if own.Read != gofields.None {
		decode := codecPairs[own.Read].decode
		nilToo := own.Read == gofields.JSON
		methods.decode = func(r *decoder, v reflect.Value) error {
			if !nilToo && r.Nil() {
				v.SetZero()
				return nil
			}
			return decode(r, v.Addr().Interface())
		}
	}
	return methods
}
