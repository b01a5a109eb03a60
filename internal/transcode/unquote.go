package transcode

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/helium-rpc/helium/internal/surrogates"
)

// unquote returns what a JSON string says. Where encoding/json puts U+FFFD in the place of
// what is no character, the string is refused: it would arrive as another one.
func unquote(literal []byte) (string, error) {
	inner := literal[1 : len(literal)-1]
	if !utf8.Valid(inner) {
		return "", problemf("%s isn't UTF-8, as all JSON is", shorten(string(literal)))
	}
	escaped, half := surrogates.Half(inner)
	switch {
	case !escaped:
		return string(inner), nil
	case half != "":
		return "", problemf("%s has %s, which is half of a surrogate pair and no character", shorten(string(literal)), half)
	}
	var s string
	if err := json.Unmarshal(literal, &s); err != nil {
		return "", problemf("%s can't be read: %v", shorten(string(literal)), err) // can't be: the text is valid
	}
	return s, nil
}
