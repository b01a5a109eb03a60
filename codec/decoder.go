package codec

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/timetext"
)

// decoder is what decoding works on: a place in msgpack, and what it may still take. Its
// exported methods are those of a [Reader], which adds values of any Go type.
type decoder struct {
	data []byte
	off  int
	// depth counts the arrays and maps that decoding is inside of.
	depth int
	// room is the memory that decoding may still take, in bytes; see [decoder.take].
	room int
	// owned says that data is nobody else's, so that what is read may keep it.
	owned bool
}

// keptWhole is how long bytes must be, in bytes, to be read without a copy. Data is part
// of a message: shorter bytes would keep many times their own size from being collected.
const keptWhole = 16 << 10

// maxMapHint bounds the room that is made for a map before its entries are read.
const maxMapHint = 64

// A value of a Go type can be much larger than what stands for it on the wire: a
// single byte is an empty map, which is any struct with nothing in it. So what slices,
// maps and pointers take is counted, and may be roomFloor bytes plus roomFactor
// times the bytes that are left. Honest values stay far below.
const (
	roomFloor  = 4 << 20
	roomFactor = 128
)

// take counts memory before it is made.
func (r *decoder) take(bytes int) error {
	if r.room -= bytes; r.room < 0 {
		return valueErrorf("the value would take more than %d times the memory of the message that holds it", roomFactor)
	}
	return nil
}

// open is called behind the head of an array or a map, and done after its end.
func (r *decoder) open() error {
	if r.depth++; r.depth > msgpack.MaxDepth {
		return &msgpack.SyntaxError{Offset: r.off, Cause: msgpack.ErrTooDeep}
	}
	return nil
}

func (r *decoder) done() { r.depth-- }

// Len returns how many bytes are left.
func (r *decoder) Len() int { return len(r.data) - r.off }

// Offset returns how many bytes were read.
func (r *decoder) Offset() int { return r.off }

// head reads the head of the next value without stepping.
func (r *decoder) head() (msgpack.Head, error) { return msgpack.ReadHead(r.data, r.off) }

// Nil steps over a nil if one is next, and reports whether one was.
func (r *decoder) Nil() bool {
	if r.off < len(r.data) && r.data[r.off] == 0xc0 {
		r.off++
		return true
	}
	return false
}

// Bool reads a bool.
func (r *decoder) Bool() (bool, error) {
	if r.off < len(r.data) {
		switch r.data[r.off] {
		case 0xc2:
			r.off++
			return false, nil
		case 0xc3:
			r.off++
			return true, nil
		}
	}
	return false, r.mismatch("a bool")
}

// number reads any number.
func (r *decoder) number() (msgpack.Number, error) {
	n, end, ok, err := msgpack.ReadNumber(r.data, r.off)
	if ok {
		r.off = end
		return n, nil
	}
	if err == nil {
		err = r.mismatch("a number")
	}
	return n, err
}

// Int reads an integer that fits a signed type of 8, 16, 32 or 64 bits: an integer of any
// width, or a float that is integral. One out of range is an error.
func (r *decoder) Int(bits int) (int64, error) {
	start := r.off
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	n = integral(n)
	v := int64(n.Bits)
	fits := n.Form == msgpack.Negative || n.Form == msgpack.Positive && v >= 0
	if shift := 64 - uint(bits); fits && v<<shift>>shift == v {
		return v, nil
	}
	r.off = start
	return 0, unfit(n, "int"+strconv.Itoa(bits))
}

// Uint reads an integer that fits an unsigned type of 8, 16, 32 or 64 bits, as
// [Reader.Int] does.
func (r *decoder) Uint(bits int) (uint64, error) {
	start := r.off
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	n = integral(n)
	if shift := 64 - uint(bits); n.Form == msgpack.Positive && n.Bits<<shift>>shift == n.Bits {
		return n.Bits, nil
	}
	r.off = start
	return 0, unfit(n, "uint"+strconv.Itoa(bits))
}

// integral turns a float that is an integer of 64 bits into that integer.
func integral(n msgpack.Number) msgpack.Number {
	if n.Form != msgpack.Fractional {
		return n
	}
	f := math.Float64frombits(n.Bits)
	switch {
	case f != math.Trunc(f) || f >= 1<<64 || f < -1<<63:
		return n
	case f < 0:
		return msgpack.Number{Form: msgpack.Negative, Bits: uint64(int64(f))}
	}
	return msgpack.Number{Form: msgpack.Positive, Bits: uint64(f)}
}

// unfit is the error for an integer type that n doesn't fit.
func unfit(n msgpack.Number, typ string) error {
	if n.Form == msgpack.Fractional {
		if f := math.Float64frombits(n.Bits); f != math.Trunc(f) {
			return valueErrorf("%v is no integer and doesn't fit %s", n, typ)
		}
	}
	return valueErrorf("%v is out of range of %s", n, typ)
}

// Float64 reads any number as a float64; integers beyond 2^53 are rounded.
func (r *decoder) Float64() (float64, error) {
	// Floats nearly always come as floats.
	if b := r.data[r.off:]; len(b) >= 9 && b[0] == 0xcb {
		r.off += 9
		return math.Float64frombits(binary.BigEndian.Uint64(b[1:])), nil
	}
	n, err := r.number()
	if err != nil {
		return 0, err
	}
	switch n.Form {
	case msgpack.Positive:
		return float64(n.Bits), nil
	case msgpack.Negative:
		return float64(int64(n.Bits)), nil
	}
	return math.Float64frombits(n.Bits), nil
}

// Float32 reads any number as a float32, rounded; a finite number beyond the largest
// float32 is an error.
func (r *decoder) Float32() (float32, error) {
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

// String reads text, or bytes as text. It isn't checked for UTF-8: a Go string is any
// bytes, and one that went in must come out.
func (r *decoder) String() (string, error) {
	b, err := r.stringRef("a string")
	return string(b), err
}

// stringRef reads text or bytes by reference; want names what was asked for.
func (r *decoder) stringRef(want string) ([]byte, error) {
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	if h.Family != msgpack.String && h.Family != msgpack.Bytes {
		return nil, r.mismatch(want)
	}
	r.off = h.Body + h.N
	return r.data[h.Body:r.off:r.off], nil
}

// Bytes reads bytes, or text as bytes, into a slice that is the caller's to keep and to
// change. A nil is a nil slice. It is a copy, unless the Reader owns its data and long bytes
// are most of it.
func (r *decoder) Bytes() ([]byte, error) {
	b, err := r.BytesRef()
	switch {
	case b == nil:
		return nil, err
	case r.owned && len(b) >= keptWhole && len(b) > len(r.data)/2:
		return b, nil
	}
	copied := make([]byte, len(b)) // which isn't cleared, as all of it is written over at once
	copy(copied, b)
	return copied, nil
}

// BytesRef is [Reader.Bytes] without the copy: the slice shares the Reader's data, and lives
// no longer than that.
func (r *decoder) BytesRef() ([]byte, error) {
	if r.Nil() {
		return nil, nil
	}
	return r.stringRef("bytes")
}

// Time reads an instant: a timestamp, or text as in RFC 3339. It is in UTC.
func (r *decoder) Time() (time.Time, error) {
	h, err := r.head()
	if err != nil {
		return time.Time{}, err
	}
	body := r.data[h.Body : h.Body+h.N]
	switch h.Family {
	case msgpack.Time:
		r.off = h.Body + h.N
		return timeOf(body), nil
	case msgpack.String:
		t, err := timetext.Time(string(body))
		switch {
		case err == timetext.ErrFiner:
			return time.Time{}, valueErrorf("%.60q is finer than a nanosecond: a time has nine digits of fraction, and any behind them have to be zeros", body)
		case err != nil:
			return time.Time{}, valueErrorf("%.40q is no time; write it as in RFC 3339, such as 2006-01-02T15:04:05Z", body)
		}
		r.off = h.Body + h.N
		return t.UTC(), nil
	}
	return time.Time{}, r.mismatch("a time")
}

// timeOf decodes the body of a timestamp, see [msgpack.AppendTime].
func timeOf(body []byte) time.Time {
	switch len(body) {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(body)), 0).UTC()
	case 8:
		both := binary.BigEndian.Uint64(body)
		return time.Unix(int64(both&(1<<34-1)), int64(both>>34)).UTC()
	}
	return time.Unix(int64(binary.BigEndian.Uint64(body[4:])), int64(binary.BigEndian.Uint32(body))).UTC()
}

// ArrayHeader reads the head of an array and returns how many elements follow, to be read one
// by one. A nil is no array. There are at least as many bytes left, but an element in Go may
// take far more than a byte: make room for elements as they come, not for all that the head
// promises.
func (r *decoder) ArrayHeader() (int, error) { return r.header(msgpack.Array, "an array") }

// MapHeader reads the head of a map and returns how many pairs of key and value follow, to be
// read in turn. A nil is no map. There are at least twice as many bytes left.
func (r *decoder) MapHeader() (int, error) { return r.header(msgpack.Map, "a map") }

func (r *decoder) header(f msgpack.Family, want string) (int, error) {
	h, err := r.head()
	if err != nil {
		return 0, err
	}
	if h.Family != f {
		return 0, r.mismatch(want)
	}
	r.off = h.Body
	return h.N, nil
}

// Skip steps over the next value, whatever it is, with all that is in it.
func (r *decoder) Skip() error {
	// What lies around the value counts towards the depth.
	end, err := msgpack.Skip(r.data, r.off, msgpack.MaxDepth-r.depth)
	if err != nil {
		return err
	}
	r.off = end
	return nil
}

// Raw steps over the next value as [Reader.Skip] does and returns its bytes, which share the
// Reader's data. They are what [Writer.Raw] takes.
func (r *decoder) Raw() ([]byte, error) {
	start := r.off
	if err := r.Skip(); err != nil {
		return nil, err
	}
	return r.data[start:r.off:r.off], nil
}

// scalarNext refuses an array or a map where the key of a map is next.
func (r *decoder) scalarNext() error {
	if r.off < len(r.data) {
		if f := msgpack.FamilyOf(r.data[r.off]); f == msgpack.Array || f == msgpack.Map {
			return &msgpack.SyntaxError{Offset: r.off, Cause: msgpack.ErrMapKey}
		}
	}
	return nil
}

// mismatch is the error for a next value that isn't what was wanted.
func (r *decoder) mismatch(want string) error {
	h, err := r.head()
	if err != nil {
		return err
	}
	return valueErrorf("got %v, want %s", h.Family, want)
}
