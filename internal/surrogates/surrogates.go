// Package surrogates finds escapes in JSON that are no character: half of what UTF-16 has two for. encoding/json
// reads U+FFFD in their place, so a text would arrive as another one.
package surrogates

import "strconv"

// Half reports whether there are escapes in JSON, which only strings have, and returns the first that is
// half of a surrogate pair without its other half; "" if there is none.
func Half(text []byte) (escaped bool, half string) {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		escaped = true
		switch code := escapedUnit(text[i:]); {
		case isHighHalf(code) && isLowHalf(escapedUnit(text[i+unitEscape:])):
			i += 2*unitEscape - 1
		case isHighHalf(code), isLowHalf(code):
			return true, string(text[i : i+unitEscape])
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
