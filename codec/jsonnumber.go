package codec

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/helium-rpc/helium/internal/decimal"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// numberType is a text that stands for a number in JSON, and so travels as one.
var numberType = reflect.TypeFor[json.Number]()

// encodeNumber encodes a json.Number, of which "" is 0 as in encoding/json.
func encodeNumber(e *encoder, v reflect.Value) error {
	literal := v.String()
	if literal == "" {
		literal = "0"
	}
	if !decimal.IsNumber(literal) {
		return valueErrorf("the json.Number %.60q is no number", literal)
	}
	b, exact := appendNumber(e.b, literal)
	if !exact {
		return valueErrorf("the json.Number %.60s: %v", literal, errInexact)
	}
	e.b = b
	return nil
}

// decodeNumber decodes a json.Number. It reads null, as whatever is an any in a signature does: that is "", as in
// encoding/json.
func decodeNumber(r *decoder, v reflect.Value) error {
	if r.Nil() {
		v.SetString("")
		return nil
	}
	h, err := r.head()
	if err != nil {
		return err
	}
	switch h.Family {
	case msgpack.Int, msgpack.Float, msgpack.String:
	default:
		return r.mismatch("a number")
	}
	text, err := readAsJSON(r, nil)
	if err != nil {
		return err
	}
	literal := string(bytes.Trim(text, `"`))
	if !decimal.IsNumber(literal) {
		return valueErrorf("%.60q is no number", literal)
	}
	v.SetString(literal)
	return nil
}
