package codec

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/surrogates"
)

// Types with MarshalJSON, such as json.RawMessage, are on the wire what they are in JSON:
// a map for an object, an array, a str, a bool, a nil, and for a number an integer, or a
// float if it isn't written as one. So callers in JSON get the very JSON, and others a
// value that they can read.

func encodeJSON(e *encoder, receiver any) error {
	text, err := receiver.(json.Marshaler).MarshalJSON()
	start := *e
	if err == nil {
		err = appendJSONText(e, text)
	}
	if errors.Is(err, errInexact) && isText(receiver) {
		// As a big.Int, which is a number in JSON and has no end.
		start.b = e.b[:len(start.b)]
		*e = start
		return encodeText(e, receiver)
	}
	if err != nil {
		return methodError(receiver, "MarshalJSON", err)
	}
	return nil
}

func isText(receiver any) bool {
	_, writes := receiver.(encoding.TextMarshaler)
	_, reads := receiver.(encoding.TextUnmarshaler)
	return writes && reads
}

func decodeJSON(r *decoder, receiver any) error {
	start := *r
	text, err := readAsJSON(r, nil)
	if err != nil {
		return err
	}
	err = receiver.(json.Unmarshaler).UnmarshalJSON(text)
	if err != nil && text[0] == '"' && isText(receiver) {
		end := *r
		*r = start
		if decodeText(r, receiver) == nil {
			return nil
		}
		*r = end
	}
	if err != nil {
		return methodError(receiver, "UnmarshalJSON", err)
	}
	return nil
}

// appendJSONText encodes one JSON value.
func appendJSONText(e *encoder, text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("it made text that isn't UTF-8")
	}
	if _, half := surrogates.Half(text); half != "" {
		return fmt.Errorf("it made %s, which is half of a surrogate pair and no character", half)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	err := appendJSONValue(e, dec)
	if err == nil {
		if _, trailing := dec.Token(); trailing != io.EOF {
			err = errors.New("more follows the first value")
		}
	}
	var problem *ValueError
	if err == nil || errors.Is(err, errInexact) || errors.As(err, &problem) {
		return err
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("it made what is no JSON: %w", err)
}

func appendJSONValue(e *encoder, dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	switch token := token.(type) {
	case bool:
		e.b = msgpack.AppendBool(e.b, token)
	case string:
		e.b = msgpack.AppendString(e.b, token)
	case json.Number:
		var exact bool
		if e.b, exact = appendNumber(e.b, string(token)); !exact {
			return fmt.Errorf("%.60s: %w", token, errInexact)
		}
	case json.Delim:
		return appendJSONParts(e, dec, token == '{')
	default:
		e.b = msgpack.AppendNil(e.b)
	}
	return nil
}

// appendJSONParts encodes an object or an array behind its opening. Its head is put before the
// parts when their number is known.
func appendJSONParts(e *encoder, dec *json.Decoder, isObject bool) error {
	if err := e.open(0); err != nil {
		return err
	}
	start, n := len(e.b), 0
	var met map[string]bool
	for ; dec.More(); n++ {
		if e.elements++; e.elements > msgpack.MaxElements {
			return e.open(0)
		}
		if isObject {
			token, err := dec.Token()
			if err != nil {
				return err
			}
			key := token.(string)
			if met[key] {
				return valueErrorf("two keys of an object in JSON are %.60q; make them differ", key)
			}
			if met == nil {
				met = make(map[string]bool)
			}
			met[key] = true
			e.elements++
			e.b = msgpack.AppendString(e.b, key)
		}
		if err := appendJSONValue(e, dec); err != nil {
			return err
		}
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	head := msgpack.AppendArrayHeader(nil, n)
	if isObject {
		head = msgpack.AppendMapHeader(nil, n)
	}
	e.b = append(e.b, head...)
	copy(e.b[start+len(head):], e.b[start:])
	copy(e.b[start:], head)
	e.done()
	return nil
}

// readAsJSON steps over the next value and appends it as JSON.
func readAsJSON(r *decoder, b []byte) ([]byte, error) {
	h, err := r.head()
	if err != nil {
		return b, err
	}
	switch h.Family {
	case msgpack.Array:
		return readArrayAsJSON(r, b)
	case msgpack.Map:
		return readMapAsJSON(r, b)
	}
	v, err := readAny(r)
	if err != nil {
		return b, err
	}
	if data, ok := v.([]byte); ok {
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), data), '"'), nil
	}
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return b, valueErrorf("JSON has no number %v", f)
	}
	return appendJSON(b, v)
}

// appendJSON appends a scalar.
func appendJSON(b []byte, v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return b, valueErrorf("JSON can't say it: %v", err)
	}
	return append(b, bytes.TrimSuffix(text.Bytes(), []byte("\n"))...), nil
}

func readArrayAsJSON(r *decoder, b []byte) ([]byte, error) {
	n, err := r.ArrayHeader()
	if err != nil {
		return b, err
	}
	if err := r.open(); err != nil {
		return b, err
	}
	b = append(b, '[')
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = readAsJSON(r, b); err != nil {
			return b, inside(indexOf(i), err)
		}
	}
	r.done()
	return append(b, ']'), nil
}

func readMapAsJSON(r *decoder, b []byte) ([]byte, error) {
	n, err := r.MapHeader()
	if err != nil {
		return b, err
	}
	if err := r.open(); err != nil {
		return b, err
	}
	b = append(b, '{')
	met := make(map[string]bool, min(n, maxMapHint))
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		if err := r.scalarNext(); err != nil {
			return b, inside(keySegment, err)
		}
		start := len(b)
		if b, err = readAsJSON(r, b); err != nil {
			return b, inside(keySegment, err)
		}
		if b[start] != '"' { // a number or a word
			key := `"` + string(b[start:]) + `"`
			b = append(b[:start], key...)
		}
		key := string(b[start:])
		if met[key] {
			return b, valueErrorf("two keys of the map are %.60s in JSON", key)
		}
		met[key] = true
		b = append(b, ':')
		if b, err = readAsJSON(r, b); err != nil {
			return b, inside("["+key+"]", err)
		}
	}
	r.done()
	return append(b, '}'), nil
}
