package codec

import (
	"errors"
	"strconv"
	"strings"

	"github.com/helium-rpc/helium/internal/decimal"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// Numbers in JSON have any number of digits. On the wire they are integers of 64 bits and
// floats, and one that is neither exactly isn't written as the nearest.

// errInexact says that no number on the wire is the one in the JSON.
var errInexact = errors.New("the number has more digits than an integer of 64 bits or a float64 holds; write it as a string")

// appendNumber appends the number that a JSON literal is, and reports whether it is that
// number exactly: an integer of up to 64 bits, or the decimal that a float64 is written
// as.
func appendNumber(b []byte, literal string) (out []byte, exact bool) {
	if !strings.ContainsAny(literal, ".eE") && literal != "-0" {
		if v, err := strconv.ParseInt(literal, 10, 64); err == nil {
			return msgpack.AppendInt(b, v), true
		}
		if v, err := strconv.ParseUint(literal, 10, 64); err == nil {
			return msgpack.AppendUint(b, v), true
		}
	}
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil || decimal.Parse(literal) != decimal.Parse(strconv.FormatFloat(f, 'e', -1, 64)) {
		return b, false
	}
	return msgpack.AppendFloat64(b, f), true
}
