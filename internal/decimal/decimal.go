// Package decimal reads numbers as JSON writes them, which have any number of digits.
package decimal

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Number is Digits × 10^Exponent, without zeros on either side of the digits. Zero has none.
type Number struct {
	Negative bool
	Digits   string
	Exponent int
}

// Parse reads a number in JSON: 12, 12.0, 1.2e1 and 120e-1 are the same.
func Parse(literal string) Number {
	literal, negative := strings.CutPrefix(literal, "-")
	mantissa, power := literal, ""
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		mantissa, power = literal[:i], literal[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	all := strings.TrimLeft(whole+fraction, "0")
	digits := strings.TrimRight(all, "0")
	if digits == "" {
		return Number{Negative: negative}
	}
	return Number{negative, digits, exponent(power) - len(fraction) + len(all) - len(digits)}
}

// exponent reads what follows the e of a number, "" without one. It stops at a size that no
// number of digits makes up for.
func exponent(text string) int {
	const most = 1 << 30
	n, _ := strconv.Atoi(text) // out of range it is the nearest int
	return min(max(n, -most), most)
}

// IsNumber reports whether text is a number in JSON and nothing else.
func IsNumber(text string) bool {
	return text != "" && strings.IndexByte("-0123456789", text[0]) >= 0 && text[len(text)-1] > ' ' && json.Valid([]byte(text))
}
