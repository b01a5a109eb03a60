package codec

import (
	"bytes"
	"encoding"
	"reflect"

	"github.com/helium-rpc/helium/internal/msgpack"
)

func encodeBinary(e *encoder, receiver any) error {
	data, err := receiver.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return methodError(receiver, "MarshalBinary", err)
	}
	e.b = append(msgpack.AppendBytesHeader(e.b, len(data)), data...)
	return nil
}

func encodeText(e *encoder, receiver any) error {
	text, err := receiver.(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return methodError(receiver, "MarshalText", err)
	}
	e.b = msgpack.AppendString(e.b, string(text))
	return nil
}

func decodeBinary(r *decoder, receiver any) error {
	data, err := r.Bytes()
	if err != nil {
		return err
	}
	if err := receiver.(encoding.BinaryUnmarshaler).UnmarshalBinary(data); err != nil {
		return methodError(receiver, "UnmarshalBinary", err)
	}
	return nil
}

func decodeText(r *decoder, receiver any) error {
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
