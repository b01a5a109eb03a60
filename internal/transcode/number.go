package transcode

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// appendNumber appends the number of a JSON literal as kind wants it: integers exactly,
// floats rounded to the nearest.
func appendNumber(b []byte, literal string, kind signature.Kind) ([]byte, error) {
	switch kind {
	case signature.Float32:
		f, err := strconv.ParseFloat(literal, 32)
		if err != nil {
			return b, problemf("%s is out of range of float32", shorten(literal))
		}
		return msgpack.AppendFloat32(b, float32(f)), nil
	case signature.Float64:
		f, err := strconv.ParseFloat(literal, 64)
		if err != nil {
			return b, problemf("%s is out of range of float64", shorten(literal))
		}
		return msgpack.AppendFloat64(b, f), nil
	}
	n, form := parseInteger(literal)
	if form == fractional {
		return b, problemf("%s is no integer and doesn't fit %s", shorten(literal), kind)
	}
	if form == tooLarge || !n.fits(kind) {
		return b, problemf("%s is out of range of %s", shorten(literal), kind)
	}
	return n.appendTo(b), nil
}

// appendAnyNumber appends a number for which there is no type: an integer if it is
// written as one and has at most 64 bits, else a float64.
func appendAnyNumber(b []byte, literal string) ([]byte, error) {
	if looksIntegral(literal) {
		if n, form := parseInteger(literal); form == integral && (!n.negative || n.fits(signature.Int64)) {
			return n.appendTo(b), nil
		}
	}
	return appendNumber(b, literal, signature.Float64)
}

func looksIntegral(literal string) bool {
	for _, c := range []byte(literal) {
		if c == '.' || c == 'e' || c == 'E' {
			return false
		}
	}
	return true
}

// integer is an integer of up to 64 bits and a sign.
type integer struct {
	negative  bool
	magnitude uint64
}

// ranges are the largest magnitudes below and above zero.
var ranges = map[signature.Kind]struct{ below, above uint64 }{
	signature.Int8:   {-math.MinInt8, math.MaxInt8},
	signature.Int16:  {-math.MinInt16, math.MaxInt16},
	signature.Int32:  {-math.MinInt32, math.MaxInt32},
	signature.Int64:  {-math.MinInt64, math.MaxInt64},
	signature.Uint8:  {0, math.MaxUint8},
	signature.Uint16: {0, math.MaxUint16},
	signature.Uint32: {0, math.MaxUint32},
	signature.Uint64: {0, math.MaxUint64},

	signature.Duration: {-math.MinInt64, math.MaxInt64},
}

func (n integer) fits(kind signature.Kind) bool {
	if n.negative {
		return n.magnitude <= ranges[kind].below
	}
	return n.magnitude <= ranges[kind].above
}

func (n integer) appendTo(b []byte) []byte {
	if n.negative {
		return msgpack.AppendInt(b, -int64(n.magnitude))
	}
	return msgpack.AppendUint(b, n.magnitude)
}

// integerForm says what a number is in the eyes of an integer type.
type integerForm int

const (
	integral integerForm = iota
	fractional
	tooLarge // for 64 bits
)

// parseInteger reads a JSON number without the loss of a float: 12, 12.0, 1.2e1 and
// 120e-1 are all twelve.
func parseInteger(literal string) (integer, integerForm) {
	literal, negative := strings.CutPrefix(literal, "-")
	mantissa, power := literal, ""
	if i := strings.IndexAny(literal, "eE"); i >= 0 {
		mantissa, power = literal[:i], literal[i+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")

	// The value is digits × 10^exponent, without zeros on either side of the digits.
	digits := strings.TrimLeft(whole+fraction, "0")
	exponent := parseExponent(power) - len(fraction) + len(digits)
	digits = strings.TrimRight(digits, "0")
	exponent -= len(digits)
	switch {
	case digits == "":
		return integer{}, integral
	case exponent < 0:
		return integer{}, fractional
	case len(digits)+exponent > len("18446744073709551615"):
		return integer{}, tooLarge
	}
	magnitude, err := strconv.ParseUint(digits+strings.Repeat("0", exponent), 10, 64)
	if err != nil {
		return integer{}, tooLarge
	}
	return integer{negative, magnitude}, integral
}

// parseExponent reads what follows the e of a number, "" without one. It stops at a
// size that no number of digits makes up for.
func parseExponent(text string) int {
	const most = 1 << 30
	n, _ := strconv.Atoi(text) // out of range it is the nearest int
	return min(max(n, -most), most)
}

// isNumber reports whether the text of a key is a JSON number and nothing else.
func isNumber(text string) bool {
	if text == "" || text[0] != '-' && !isDigit(text[0]) || !isDigit(text[len(text)-1]) {
		return false
	}
	return json.Valid([]byte(text))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
