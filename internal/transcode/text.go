package transcode

import (
	"encoding/base64"
	"strings"

	"github.com/helium-rpc/helium/internal/decimal"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/timetext"
	"github.com/helium-rpc/helium/signature"
)

// appendText appends the value that a JSON string stands for where a value of t is
// wanted, and reports whether any string can.
func appendText(b []byte, text string, t *signature.Type) (out []byte, ok bool, err error) {
	switch kindOf(t) {
	case signature.Any, signature.String:
		return msgpack.AppendString(b, text), true, nil
	case signature.Bytes:
		data, err := decodeBase64(text)
		if err != nil {
			return b, true, problemf(`%s is no base64; bytes stand in JSON as base64, such as "aGVsbG8="`, quote(text))
		}
		return msgpack.AppendBytes(b, data), true, nil
	case signature.Time:
		moment, err := timetext.Time(text)
		switch {
		case err == timetext.ErrFiner:
			return b, true, problemf("%s is finer than a nanosecond: a time has nine digits of fraction, and any behind them have to be zeros", quote(text))
		case err != nil:
			return b, true, problemf(`%s is no time; write it as in RFC 3339, such as "2006-01-02T15:04:05Z"`, quote(text))
		}
		return msgpack.AppendTime(b, moment), true, nil
	case signature.Duration:
		length, err := timetext.Duration(text)
		switch {
		case err == timetext.ErrFiner:
			return b, true, problemf("%s is finer than a nanosecond, and a duration is a whole number of them", quote(text))
		case err == timetext.ErrRange:
			return b, true, problemf("%s is longer than a duration can be: %s", quote(text), timetext.Longest)
		case err != nil:
			return b, true, problemf(`%s is no duration; write it as "1h30m" or "250ms", or as a number of nanoseconds`, quote(text))
		}
		return msgpack.AppendInt(b, int64(length)), true, nil
	}
	return b, false, nil
}

// appendKey appends the key of a map with keys of type t from its text.
func appendKey(b []byte, text string, t *signature.Type) ([]byte, error) {
	kind := kindOf(t)
	if kind == signature.Duration && decimal.IsNumber(text) {
		return appendNumber(b, text, kind)
	}
	out, ok, err := appendText(b, text, t)
	switch {
	case ok:
		return out, err
	case kind == signature.Bool && (text == "true" || text == "false"):
		return msgpack.AppendBool(b, text == "true"), nil
	case kind.Numeric() && decimal.IsNumber(text):
		return appendNumber(b, text, kind)
	}
	return b, problemf("want %s%s", show(t), keyForm(kind))
}

// keyForm says what the text of a key must be.
func keyForm(kind signature.Kind) string {
	switch {
	case kind == signature.Bool:
		return ": true or false"
	case kind.Numeric():
		return ": a number"
	}
	return ", which can't be a key"
}

// decodeBase64 reads the standard and the URL alphabet, padded or not. Line breaks
// are skipped, as encoding/base64 does. The last character's spare bits must be zero,
// as every encoder leaves them: else it is rather some other text.
func decodeBase64(text string) ([]byte, error) {
	encoding := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		encoding = base64.RawURLEncoding
	}
	if strings.HasSuffix(strings.TrimRight(text, "\r\n"), "=") {
		encoding = encoding.WithPadding(base64.StdPadding)
	}
	return encoding.Strict().DecodeString(text)
}
