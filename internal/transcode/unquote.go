package transcode

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// unquote returns what a JSON string says. Where encoding/json puts U+FFFD in the place of
// what is no character, the string is refused: it would arrive as another one.
func unquote(literal []byte) (string, error) {
	inner := literal[1 : len(literal)-1]
	if !utf8.Valid(inner) {
		return "", problemf("%s isn't UTF-8, as all JSON is", shorten(string(literal)))
	}
	escaped, half := escapes(inner)
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

// escapes reports whether there are escapes in a JSON string, and returns the first that is
// half of a surrogate pair without its other half.
func escapes(inner []byte) (escaped bool, half string) {
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' {
			continue
		}
		escaped = true
		switch code := escapedUnit(inner[i:]); {
		case isHighHalf(code) && isLowHalf(escapedUnit(inner[i+unitEscape:])):
			i += 2*unitEscape - 1
		case isHighHalf(code), isLowHalf(code):
			return true, string(inner[i : i+unitEscape])
		default:
			i++ // what is escaped, which may be another backslash
		}
	}
	return escaped, ""
}

// unitEscape is how long an escape such as \u00e9 is.
const unitEscape = len(`\u00e9`)

// escapedUnit returns the unit of UTF-16 that a text begins with the escape of, or -1.
func escapedUnit(text []byte) int {
	if len(text) < unitEscape || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:unitEscape]), 16, 16)
	if err != nil {
		return -1
	}
	return int(unit)
}

func isHighHalf(unit int) bool { return 0xd800 <= unit && unit < 0xdc00 }

func isLowHalf(unit int) bool { return 0xdc00 <= unit && unit < 0xe000 }
