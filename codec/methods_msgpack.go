package codec

import (
	"bytes"
	"sync"

	library "github.com/vmihailenco/msgpack/v5"
)

// libraryEncoder is the msgpack library's encoder, writing into a slice.
type libraryEncoder struct {
	*library.Encoder
	buf bytes.Buffer
}

var libraryEncoders = sync.Pool{New: func() any { return &libraryEncoder{Encoder: library.NewEncoder(nil)} }}

func encodeCustom(e *encoder, receiver any) error {
	enc := libraryEncoders.Get().(*libraryEncoder)
	enc.buf.Reset()
	enc.Reset(&enc.buf)
	enc.SetCustomStructTag("json")
	enc.UseCompactInts(true)
	if err := receiver.(library.CustomEncoder).EncodeMsgpack(enc.Encoder); err != nil {
		return methodError(receiver, "EncodeMsgpack", err)
	}
	if err := e.appendRaw(enc.buf.Bytes()); err != nil {
		return methodError(receiver, "EncodeMsgpack", err)
	}
	libraryEncoders.Put(enc)
	return nil
}

func encodeMarshaler(e *encoder, receiver any) error {
	raw, err := receiver.(library.Marshaler).MarshalMsgpack()
	if err == nil {
		err = e.appendRaw(raw)
	}
	if err != nil {
		return methodError(receiver, "MarshalMsgpack", err)
	}
	return nil
}

// libraryDecoders decode in types that know the library. A decoder that failed or
// panicked isn't put back.
var libraryDecoders = sync.Pool{New: func() any { return library.NewDecoder(nil) }}

func decodeCustom(r *decoder, receiver any) error {
	// The scan in Raw is what makes the library safe to use: it allocates what a
	// length claims and recurses as deep as the data does.
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	dec := libraryDecoders.Get().(*library.Decoder)
	dec.Reset(bytes.NewReader(raw))
	dec.SetCustomStructTag("json")
	if err := receiver.(library.CustomDecoder).DecodeMsgpack(dec); err != nil {
		return methodError(receiver, "DecodeMsgpack", err)
	}
	dec.Reset(nil)
	libraryDecoders.Put(dec)
	return nil
}

func decodeUnmarshaler(r *decoder, receiver any) error {
	raw, err := r.Raw()
	if err != nil {
		return err
	}
	// The bytes are a copy: the method may keep them, and the message's buffer is
	// used again.
	if err := receiver.(library.Unmarshaler).UnmarshalMsgpack(bytes.Clone(raw)); err != nil {
		return methodError(receiver, "UnmarshalMsgpack", err)
	}
	return nil
}
