package codec

import (
	"encoding/binary"
	"math"
	"strconv"
)

// Numbers of any width fit each other on the wire, and a value out of range is an
// error when it is read:
//
//   - an integer reads any integer in its range, and any float that is integral;
//   - a float reads any number, rounded to what it can hold as a Go conversion
//     rounds; only a finite number beyond its largest is an error;
//   - NaN and the infinities are floats only.

// number is a msgpack number before it is fitted to a type.
type number struct {
	form numberForm
	// bits holds a uint64, an int64 or a float64.
	bits uint64
}

type numberForm uint8

const (
	positive numberForm = iota
	negative
	float
)

// number reads any number.
func (r *Reader) number() (number, error) {
	if r.off >= len(r.data) {
		return number{}, &SyntaxError{Offset: len(r.data), Cause: ErrTruncated}
	}
	c := r.data[r.off]
	switch {
	case c <= 0x7f:
		r.off++
		return number{positive, uint64(c)}, nil
	case c >= 0xe0:
		r.off++
		return number{negative, uint64(int64(int8(c)))}, nil
	case c < 0xca || c > 0xd3:
		return number{}, r.mismatch("a number")
	}
	size := int(fixedSize[c])
	if size > len(r.data)-r.off {
		return number{}, &SyntaxError{Offset: r.off, Cause: ErrTruncated}
	}
	body := r.data[r.off+1 : r.off+size]
	r.off += size
	switch c {
	case 0xca:
		return number{float, math.Float64bits(float64(math.Float32frombits(binary.BigEndian.Uint32(body))))}, nil
	case 0xcb:
		return number{float, binary.BigEndian.Uint64(body)}, nil
	case 0xcc:
		return number{positive, uint64(body[0])}, nil
	case 0xcd:
		return number{positive, uint64(binary.BigEndian.Uint16(body))}, nil
	case 0xce:
		return number{positive, uint64(binary.BigEndian.Uint32(body))}, nil
	case 0xcf:
		return number{positive, binary.BigEndian.Uint64(body)}, nil
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
		return number{negative, uint64(v)}, nil
	}
	return number{positive, uint64(v)}, nil
}

// String writes the number as in an error message.
func (n number) String() string {
	switch n.form {
	case positive:
		return strconv.FormatUint(n.bits, 10)
	case negative:
		return strconv.FormatInt(int64(n.bits), 10)
	}
	return strconv.FormatFloat(math.Float64frombits(n.bits), 'g', -1, 64)
}

// Int reads an integer that fits a signed type of 8, 16, 32 or 64 bits.
func (r *Reader) Int(bits int) (int64, error) {
	start := r.off
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	n = n.integral()
	v := int64(n.bits)
	fits := n.form == negative || n.form == positive && v >= 0
	if shift := 64 - uint(bits); fits && v<<shift>>shift == v {
		return v, nil
	}
	r.off = start
	return 0, n.unfit("int" + strconv.Itoa(bits))
}

// Uint reads an integer that fits an unsigned type of 8, 16, 32 or 64 bits.
func (r *Reader) Uint(bits int) (uint64, error) {
	start := r.off
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	n = n.integral()
	if shift := 64 - uint(bits); n.form == positive && n.bits<<shift>>shift == n.bits {
		return n.bits, nil
	}
	r.off = start
	return 0, n.unfit("uint" + strconv.Itoa(bits))
}

// integral turns a float that is an integer of 64 bits into that integer.
func (n number) integral() number {
	if n.form != float {
		return n
	}
	f := math.Float64frombits(n.bits)
	switch {
	case f != math.Trunc(f) || f >= 1<<64 || f < -1<<63:
		return n
	case f < 0:
		return number{negative, uint64(int64(f))}
	}
	return number{positive, uint64(f)}
}

// unfit is the error for an integer type that n doesn't fit.
func (n number) unfit(typ string) error {
	if n.form == float {
		if f := math.Float64frombits(n.bits); f != math.Trunc(f) {
			return valueErrorf("%v is no integer and doesn't fit %s", n, typ)
		}
	}
	return valueErrorf("%v is out of range of %s", n, typ)
}

// Float64 reads a number as a float64; integers beyond 2^53 are rounded.
func (r *Reader) Float64() (float64, error) {
	// Floats nearly always come as floats.
	if b := r.data[r.off:]; len(b) >= 9 && b[0] == 0xcb {
		r.off += 9
		return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), nil
	}
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	switch n.form {
	case positive:
		return float64(n.bits), nil
	case negative:
		return float64(int64(n.bits)), nil
	}
	return math.Float64frombits(n.bits), nil
}

// Float32 reads a number as a float32, rounded; a finite number beyond the largest
// float32 is an error.
func (r *Reader) Float32() (float32, error) {
	start := r.off
	f, err := r.Float64()
	if err != nil {
		return 0, err
	}
	v := float32(f)
	if math.IsInf(float64(v), 0) && !math.IsInf(f, 0) {
		r.off = start
		return 0, valueErrorf("%v is out of range of float32", f)
	}
	return v, nil
}
