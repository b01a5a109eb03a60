package wire

import (
	"bytes"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// AppendValue appends any Go value.
func AppendValue(b []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	enc := msgpack.NewEncoder(buf)
	enc.SetCustomStructTag("json")
	if err := enc.Encode(v); err != nil {
		return b, err
	}
	return buf.Bytes(), nil
}

// AppendReflect is [AppendValue] for a reflect.Value.
func AppendReflect(b []byte, v reflect.Value) ([]byte, error) {
	return AppendValue(b, v.Interface())
}

// Value reads the next value into what ptr points to.
func (r *Reader) Value(ptr any) error {
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	dec := msgpack.NewDecoder(bytes.NewReader(raw))
	dec.SetCustomStructTag("json")
	dec.UseLooseInterfaceDecoding(true)
	return dec.Decode(ptr)
}

// ReflectValue is [Reader.Value] for an addressable reflect.Value.
func (r *Reader) ReflectValue(v reflect.Value) error { return r.Value(v.Addr().Interface()) }
