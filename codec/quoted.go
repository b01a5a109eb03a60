package codec

import (
	"cmp"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/decimal"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// quoted returns the codec of a field with the option string: a bool, a number or a text,
// or a pointer to one, that travels as the text that encoding/json has for it. JavaScript
// can't read 64-bit integers otherwise.
func quoted(t reflect.Type) *codec {
	if t.Kind() == reflect.Pointer {
		elem := quoted(t.Elem())
		return &codec{encode: encodePointer(elem), decode: decodePointer(t, elem)}
	}
	return &codec{encode: encodeQuoted, decode: decodeQuoted}
}

func encodeQuoted(e *encoder, v reflect.Value) error {
	text := make([]byte, 0, 32)
	switch {
	case v.Type() == numberType:
		text = append(text, cmp.Or(v.String(), "0")...)
		if !decimal.IsNumber(string(text)) {
			return valueErrorf("the json.Number %.60q is no number", text)
		}
	case v.CanInt():
		text = strconv.AppendInt(text, v.Int(), 10)
	case v.CanUint():
		text = strconv.AppendUint(text, v.Uint(), 10)
	case v.CanFloat():
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return valueErrorf("%v has no text in JSON; leave the option string out of the field's tag", f)
		}
		var err error
		if text, err = appendJSON(text, v.Interface()); err != nil {
			return err
		}
	case v.Kind() == reflect.Bool:
		text = strconv.AppendBool(text, v.Bool())
	default:
		if !utf8.ValidString(v.String()) {
			return valueErrorf("text that isn't UTF-8 can't be quoted; leave the option string out of the field's tag")
		}
		quotedText, err := json.Marshal(v.String())
		if err != nil {
			return err
		}
		text = quotedText
	}
	e.b = msgpack.AppendString(e.b, string(text))
	return nil
}

func decodeQuoted(r *decoder, v reflect.Value) error {
	text, err := r.String()
	if err != nil {
		return err
	}
	unfit := func() error { return valueErrorf("%.60q is no text of a %v", text, v.Type()) }
	switch {
	case v.Type() == numberType:
		if !decimal.IsNumber(text) {
			return unfit()
		}
		v.SetString(text)
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return unfit()
		}
		v.SetInt(n)
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil {
			return unfit()
		}
		v.SetUint(n)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || !decimal.IsNumber(text) {
			return unfit()
		}
		v.SetFloat(f)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			return unfit()
		}
		v.SetBool(text == "true")
	default:
		var s string
		if json.Unmarshal([]byte(text), &s) != nil {
			return unfit()
		}
		v.SetString(s)
	}
	return nil
}
