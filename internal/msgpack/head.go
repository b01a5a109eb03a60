package msgpack

import "encoding/binary"

// Family groups msgpack's first bytes by what they begin.
type Family uint8

// The families. Invalid is the one byte that begins nothing; Bytes is what msgpack calls
// bin, and Time the extension for timestamps.
const (
	Invalid Family = iota
	Nil
	Bool
	Int
	Float
	String
	Bytes
	Array
	Map
	Time
)

// Head is the beginning of a value.
type Head struct {
	Family Family
	// Body is where what follows the head begins.
	Body int
	// N is the length of the body in bytes; of an array or a map it is the number
	// of elements or pairs.
	N int
}

// ReadHead reads the head of the value at off. The returned length fits the bytes that
// remain.
func ReadHead(data []byte, off int) (Head, error) {
	if off >= len(data) {
		return Head{}, &SyntaxError{Offset: len(data), Cause: ErrTruncated}
	}
	c := data[off]
	h := Head{Family: families[c], Body: off + 1}
	if size := int(fixedSize[c]); size != 0 {
		h.N = size - 1
	} else if c&0xf0 == 0x80 || c&0xf0 == 0x90 {
		h.N = int(c & 0x0f)
	} else if h.Family == Invalid {
		return Head{}, &SyntaxError{Offset: off, Cause: ErrReserved}
	} else if h.Family == Time {
		return timeHead(data, off)
	} else {
		width := lengthWidth(c)
		n, ok := readLength(data, h.Body, width)
		if !ok {
			return Head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
		}
		h.N = n
		h.Body += width
	}
	// The smallest element takes one byte, so a count can't exceed the bytes left.
	need := h.N
	if h.Family == Map {
		need *= 2
	}
	if need > len(data)-h.Body {
		return Head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	return h, nil
}

// timeHead reads the head of an extension and refuses all but the timestamp. The
// body begins after the extension's type.
func timeHead(data []byte, off int) (Head, error) {
	h := Head{Family: Time, Body: off + 1}
	c := data[off]
	if c >= 0xd4 {
		h.N = 1 << (c - 0xd4)
	} else {
		width := lengthWidth(c)
		n, ok := readLength(data, h.Body, width)
		if !ok {
			return Head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
		}
		h.N = n
		h.Body += width
	}
	h.Body++
	if h.Body > len(data) {
		return Head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	if int8(data[h.Body-1]) != timestampExt || h.N != 4 && h.N != 8 && h.N != 12 {
		return Head{}, &SyntaxError{Offset: off, Cause: ErrExtension}
	}
	if h.N > len(data)-h.Body {
		return Head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	return h, nil
}

// timestampExt is the extension type that msgpack's specification gives to times.
const timestampExt = -1

// lengthWidth is how many bytes hold the length that follows c.
func lengthWidth(c byte) int {
	switch c {
	case 0xc4, 0xc7, 0xd9:
		return 1
	case 0xc5, 0xc8, 0xda, 0xdc, 0xde:
		return 2
	}
	return 4
}

func readLength(data []byte, off, width int) (int, bool) {
	if width > len(data)-off {
		return 0, false
	}
	switch width {
	case 1:
		return int(data[off]), true
	case 2:
		return int(binary.BigEndian.Uint16(data[off:])), true
	}
	n := binary.BigEndian.Uint32(data[off:])
	// On a 32-bit machine the doubled length of a map must not overflow; no data is
	// that long anyway.
	return int(min(n, 1<<30)), true
}

// fixedSize holds the whole size of values whose first byte says it all, and 0 for
// the others.
var fixedSize = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case c <= 0x7f || c >= 0xe0:
			t[c] = 1
		case c >= 0xa0 && c <= 0xbf:
			t[c] = uint8(1 + c&0x1f)
		}
	}
	for _, c := range []byte{0xc0, 0xc2, 0xc3} {
		t[c] = 1
	}
	t[0xcc], t[0xcd], t[0xce], t[0xcf] = 2, 3, 5, 9
	t[0xd0], t[0xd1], t[0xd2], t[0xd3] = 2, 3, 5, 9
	t[0xca], t[0xcb] = 5, 9
	return t
}()

// FamilyOf returns the family of the values that begin with c.
func FamilyOf(c byte) Family { return families[c] }

var families = func() (t [256]Family) {
	for c := range 256 {
		switch {
		case c <= 0x7f || c >= 0xe0 || c >= 0xcc && c <= 0xd3:
			t[c] = Int
		case c <= 0x8f || c == 0xde || c == 0xdf:
			t[c] = Map
		case c <= 0x9f || c == 0xdc || c == 0xdd:
			t[c] = Array
		case c <= 0xbf || c >= 0xd9 && c <= 0xdb:
			t[c] = String
		case c == 0xc0:
			t[c] = Nil
		case c == 0xc2 || c == 0xc3:
			t[c] = Bool
		case c >= 0xc4 && c <= 0xc6:
			t[c] = Bytes
		case c >= 0xc7 && c <= 0xc9 || c >= 0xd4 && c <= 0xd8:
			t[c] = Time
		case c == 0xca || c == 0xcb:
			t[c] = Float
		}
	}
	return t
}()

// String names the family as errors do: "a string".
func (f Family) String() string {
	return [...]string{
		"an invalid byte", "nil", "a bool", "an integer", "a float", "a string",
		"bytes", "an array", "a map", "a time",
	}[f]
}
