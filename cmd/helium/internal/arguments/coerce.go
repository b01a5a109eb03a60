package arguments

import (
	"encoding/json"
	"fmt"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/timetext"

	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/signature"
)

// coerce turns a word into a value of a type.
func coerce(text string, t *signature.Type, raw bool) ([]byte, error) {
	if raw || t == nil {
		return transcode.Value([]byte(text), t)
	}
	switch t.Kind {
	case signature.Optional:
		// "null" is a text like others where text is meant; := says it is none.
		if kind := t.Elem.Kind; text == "null" && kind != signature.String && kind != signature.Any {
			return msgpack.AppendNil(nil), nil
		}
		return coerce(text, t.Elem, false)
	case signature.String, signature.Bytes, signature.Time, signature.Any:
		asJSON, err := json.Marshal(text)
		if err != nil {
			return nil, err
		}
		return transcode.Value(asJSON, t)
	}
	if t.Kind == signature.Duration && !json.Valid([]byte(text)) {
		return durationOf(text, t)
	}
	value, err := transcode.Value([]byte(text), t)
	if err != nil && !json.Valid([]byte(text)) {
		return nil, fmt.Errorf("%q isn't %s", text, kindForPeople(t))
	}
	return value, err
}

// durationOf turns a word that isn't JSON, such as 1h30m, into a duration.
func durationOf(text string, t *signature.Type) ([]byte, error) {
	if _, err := timetext.Duration(text); err == timetext.ErrSyntax {
		return nil, fmt.Errorf("%q isn't %s", text, kindForPeople(t))
	}
	return transcode.Value([]byte(`"`+text+`"`), t)
}

// kindForPeople says what a type wants to be given.
func kindForPeople(t *signature.Type) string {
	switch {
	case t.Kind == signature.Bool:
		return "a bool: true or false"
	case t.Kind == signature.Duration:
		return "a duration, such as 1h30m or 250ms, or a number of nanoseconds"
	case t.Kind.Numeric():
		return "a number of type " + t.String()
	}
	return "a value of type " + t.String() + ", in JSON"
}
