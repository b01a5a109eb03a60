package codec

import (
	"bytes"
	"encoding"
	"fmt"
	"reflect"
	"sync"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/internal/gofields"
)

// codecMethods are what a type's own methods make of it, see [gofields.Pair]:
//
//	EncodeMsgpack, DecodeMsgpack      any one value, with the msgpack library's encoder
//	MarshalMsgpack, UnmarshalMsgpack  the bytes of any one value
//	MarshalJSON, UnmarshalJSON        what the JSON says, see [encoder.json]
//	MarshalText, UnmarshalText        text; bin is read as well
//	MarshalBinary, UnmarshalBinary    bin
//
// A type with halves only is encoded and decoded by the first half there is, and by its
// kind where there is none. A nil is read as the zero value and reaches no method but
// UnmarshalJSON. What a method wrote must pass [Scan].
type codecMethods struct {
	encode func(e *encoder, v reflect.Value) error
	decode func(r *Reader, v reflect.Value) error
}

// codecPair is one row of the list above.
type codecPair struct {
	encode func(e *encoder, receiver any) error
	decode func(r *Reader, receiver any) error
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
				e.b = AppendNil(e.b)
				return nil
			}
			return encode(e, receiver(v))
		}
	}
	if own.Read != gofields.None {
		decode := codecPairs[own.Read].decode
		nilToo := own.Read == gofields.JSON
		methods.decode = func(r *Reader, v reflect.Value) error {
			if !nilToo && r.Nil() {
				v.SetZero()
				return nil
			}
			return decode(r, v.Addr().Interface())
		}
	}
	return methods
}

// receiver returns a pointer to v, or to a copy where v has no address.
func receiver(v reflect.Value) any {
	if v.CanAddr() {
		return v.Addr().Interface()
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	return p.Interface()
}

// libraryEncoder is the msgpack library's encoder, writing into a slice.
type libraryEncoder struct {
	*msgpack.Encoder
	buf bytes.Buffer
}

var libraryEncoders = sync.Pool{New: func() any { return &libraryEncoder{Encoder: msgpack.NewEncoder(nil)} }}

func encodeCustom(e *encoder, receiver any) error {
	enc := libraryEncoders.Get().(*libraryEncoder)
	enc.buf.Reset()
	enc.Reset(&enc.buf)
	enc.SetCustomStructTag("json")
	enc.UseCompactInts(true)
	if err := receiver.(msgpack.CustomEncoder).EncodeMsgpack(enc.Encoder); err != nil {
		return methodError(receiver, "EncodeMsgpack", err)
	}
	if err := e.appendRaw(enc.buf.Bytes()); err != nil {
		return methodError(receiver, "EncodeMsgpack", err)
	}
	libraryEncoders.Put(enc)
	return nil
}

func encodeMarshaler(e *encoder, receiver any) error {
	raw, err := receiver.(msgpack.Marshaler).MarshalMsgpack()
	if err == nil {
		err = e.appendRaw(raw)
	}
	if err != nil {
		return methodError(receiver, "MarshalMsgpack", err)
	}
	return nil
}

// appendRaw appends what a method made, if the other side will accept it here.
func (e *encoder) appendRaw(raw []byte) error {
	end, err := scanValue(raw, 0, maxAppendDepth-e.depth)
	if err == nil && end != len(raw) {
		err = &SyntaxError{Offset: end, Cause: ErrTrailing}
	}
	if err != nil {
		return fmt.Errorf("it made what can't be sent: %w", err)
	}
	e.b = append(e.b, raw...)
	return nil
}

func encodeBinary(e *encoder, receiver any) error {
	data, err := receiver.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return methodError(receiver, "MarshalBinary", err)
	}
	e.b = append(AppendBytesHeader(e.b, len(data)), data...)
	return nil
}

func encodeText(e *encoder, receiver any) error {
	text, err := receiver.(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return methodError(receiver, "MarshalText", err)
	}
	e.b = AppendString(e.b, string(text))
	return nil
}

// libraryDecoders decode in types that know the library. A decoder that failed or
// panicked isn't put back.
var libraryDecoders = sync.Pool{New: func() any { return msgpack.NewDecoder(nil) }}

func decodeCustom(r *Reader, receiver any) error {
	// The scan in Raw is what makes the library safe to use: it allocates what a
	// length claims and recurses as deep as the data does.
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	dec := libraryDecoders.Get().(*msgpack.Decoder)
	dec.Reset(bytes.NewReader(raw))
	dec.SetCustomStructTag("json")
	if err := receiver.(msgpack.CustomDecoder).DecodeMsgpack(dec); err != nil {
		return methodError(receiver, "DecodeMsgpack", err)
	}
	dec.Reset(nil)
	libraryDecoders.Put(dec)
	return nil
}

func decodeUnmarshaler(r *Reader, receiver any) error {
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	// The bytes are a copy: the method may keep them, and the message's buffer is
	// used again.
	if err := receiver.(msgpack.Unmarshaler).UnmarshalMsgpack(bytes.Clone(raw)); err != nil {
		return methodError(receiver, "UnmarshalMsgpack", err)
	}
	return nil
}

func decodeBinary(r *Reader, receiver any) error {
	data, err := r.Bytes()
	if err != nil {
		return err
	}
	if err := receiver.(encoding.BinaryUnmarshaler).UnmarshalBinary(data); err != nil {
		return methodError(receiver, "UnmarshalBinary", err)
	}
	return nil
}

func decodeText(r *Reader, receiver any) error {
	text, err := r.stringRef("a string")
	if err != nil {
		return err
	}
	if err := receiver.(encoding.TextUnmarshaler).UnmarshalText(bytes.Clone(text)); err != nil {
		return methodError(receiver, "UnmarshalText", err)
	}
	return nil
}

// methodError says which method failed; receiver is a pointer to its value.
func methodError(receiver any, method string, err error) error {
	e := valueErrorf("%s of %v: %v", method, reflect.TypeOf(receiver).Elem(), err)
	e.cause = err
	return e
}
