package transcode

import (
	"math"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/decimal"
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
// written as one and has at most 64 bits, else a float64. One that is written as an integer
// is refused if it would be another then: it is a float64 only with the digits that floats
// are written with, as some programs write 1e20 with all its zeros.
func appendAnyNumber(b []byte, literal string) ([]byte, error) {
	if !looksIntegral(literal) {
		return appendNumber(b, literal, signature.Float64)
	}
	if n, form := parseInteger(literal); form == integral && (!n.negative || n.fits(signature.Int64)) {
		return n.appendTo(b), nil
	}
	if f, err := strconv.ParseFloat(literal, 64); err == nil && strconv.FormatFloat(f, 'f', -1, 64) != literal {
		return b, problemf("%s has more digits than an integer of 64 bits or a float64 holds, and would arrive as %v; write it as that, or as text", shorten(literal), f)
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

// parseInteger reads a JSON number without the loss of a float.
func parseInteger(literal string) (integer, integerForm) {
	d := decimal.Parse(literal)
	switch {
	case d.Digits == "":
		return integer{}, integral
	case d.Exponent < 0:
		return integer{}, fractional
	case len(d.Digits)+d.Exponent > len("18446744073709551615"):
		return integer{}, tooLarge
	}
	magnitude, err := strconv.ParseUint(d.Digits+strings.Repeat("0", d.Exponent), 10, 64)
	if err != nil {
		return integer{}, tooLarge
	}
	return integer{d.Negative, magnitude}, integral
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
