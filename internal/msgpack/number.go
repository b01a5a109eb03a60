package msgpack

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Number is a number in any format, before it is fitted to a type.
type Number struct {
	Form Form
	// Bits holds a uint64, an int64 or a float64.
	Bits uint64
}

// Form says what the bits of a [Number] are.
type Form uint8

// The forms. What isn't negative is Positive, whichever format it came in.
const (
	Positive   Form = iota // a uint64
	Negative               // an int64 below zero
	Fractional             // a float64, integral or not
)

// ReadNumber reads the number at off and returns where it ends. ok is false if the value there
// isn't a number.
func ReadNumber(data []byte, off int) (n Number, end int, ok bool, err error) {
	if off >= len(data) {
		return Number{}, off, false, &SyntaxError{Offset: len(data), Cause: ErrTruncated}
	}
	c := data[off]
	switch {
	case c <= 0x7f:
		return Number{Positive, uint64(c)}, off + 1, true, nil
	case c >= 0xe0:
		return Number{Negative, uint64(int64(int8(c)))}, off + 1, true, nil
	case c < 0xca || c > 0xd3:
		return Number{}, off, false, nil
	}
	end = off + int(fixedSize[c])
	if end > len(data) {
		return Number{}, off, false, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	body := data[off+1 : end]
	switch c {
	case 0xca:
		f := math.Float32frombits(binary.BigEndian.Uint32(body))
		return Number{Fractional, math.Float64bits(float64(f))}, end, true, nil
	case 0xcb:
		return Number{Fractional, binary.BigEndian.Uint64(body)}, end, true, nil
	case 0xcc:
		return Number{Positive, uint64(body[0])}, end, true, nil
	case 0xcd:
		return Number{Positive, uint64(binary.BigEndian.Uint16(body))}, end, true, nil
	case 0xce:
		return Number{Positive, uint64(binary.BigEndian.Uint32(body))}, end, true, nil
	case 0xcf:
		return Number{Positive, binary.BigEndian.Uint64(body)}, end, true, nil
	}
	var v int64
	switch c {
	case 0xd0:
		v = int64(int8(body[0]))
	case 0xd1:
		v = int64(int16(binary.BigEndian.Uint16(body)))
	case 0xd2:
		v = int64(int32(binary.BigEndian.Uint32(body)))
	default:
		v = int64(binary.BigEndian.Uint64(body))
	}
	if v < 0 {
		return Number{Negative, uint64(v)}, end, true, nil
	}
	return Number{Positive, uint64(v)}, end, true, nil
}

// String writes the number as in an error message.
func (n Number) String() string {
	switch n.Form {
	case Positive:
		return strconv.FormatUint(n.Bits, 10)
	case Negative:
		return strconv.FormatInt(int64(n.Bits), 10)
	}
	return strconv.FormatFloat(math.Float64frombits(n.Bits), 'g', -1, 64)
}
