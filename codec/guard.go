package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxDepth is how many arrays and maps may lie inside each other in bytes that pass
// [Scan]. Sixty-four leaves room for any honest tree and keeps recursion in what
// decodes afterwards far from the end of the stack.
const MaxDepth = 64

// MaxElements is how many values one scanned value may hold in all, a map's keys and
// values counted singly. Every value takes at least a byte, so a payload of 4 MiB
// can't reach the limit.
const MaxElements = 1 << 22

// The causes of a [SyntaxError], for errors.Is.
var (
	ErrTruncated = errors.New("the data ends inside a value")
	ErrTrailing  = errors.New("data follows after the value; exactly one is allowed")
	ErrTooDeep   = fmt.Errorf("arrays and maps lie more than %d deep", MaxDepth)
	ErrTooMany   = fmt.Errorf("the value holds more than %d values", MaxElements)
	ErrReserved  = errors.New("the byte 0xc1 begins no msgpack value")
	ErrExtension = errors.New("an extension that isn't a timestamp; send its content as bytes or a map")
	ErrMapKey    = errors.New("an array or a map is the key of a map; keys are scalars")
	ErrNotArray  = errors.New("the value isn't an array")
)

// SyntaxError says where and why bytes were refused.
type SyntaxError struct {
	// Offset counts bytes from the start of the data.
	Offset int
	// Cause is one of the causes above.
	Cause error
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("msgpack byte %d: %v", e.Offset, e.Cause) }

// Unwrap returns the cause.
func (e *SyntaxError) Unwrap() error { return e.Cause }

// Scan reports whether data is exactly one msgpack value that is safe to decode:
//
//   - every length fits the bytes that remain, and nothing trails;
//   - arrays and maps lie at most [MaxDepth] deep, with at most [MaxElements] values;
//   - keys of maps are scalars, because Go panics when it hashes others;
//   - the only extension is the timestamp, in one of its three sizes.
//
// Text isn't checked for UTF-8: a Go string is any bytes, and one that went in must
// come out. Scan is a single pass that neither recurses nor allocates; a refusal is
// a *[SyntaxError] and costs one small allocation.
func Scan(data []byte) error {
	end, err := scanValue(data, 0, MaxDepth)
	if err != nil {
		return err
	}
	if end != len(data) {
		return &SyntaxError{Offset: end, Cause: ErrTrailing}
	}
	return nil
}

// ScanArray is [Scan] for data that must be an array; it returns how many elements
// the array has.
func ScanArray(data []byte) (int, error) {
	if err := Scan(data); err != nil {
		return 0, err
	}
	r := NewReader(data)
	n, err := r.ArrayHeader()
	if err != nil {
		return 0, &SyntaxError{Offset: 0, Cause: ErrNotArray}
	}
	return n, nil
}

// scanValue checks the value that begins at off, with arrays and maps at most maxDepth
// deep, and returns where it ends. maxDepth is at most MaxDepth.
func scanValue(data []byte, off, maxDepth int) (int, error) {
	// Of each open array or map: the values still to come, doubled, plus one for a
	// map. The values of a map count keys too, so an even number means: a key is next.
	var open [MaxDepth]uint32
	depth, elements := 0, 0
	for {
		if off >= len(data) {
			return 0, &SyntaxError{Offset: len(data), Cause: ErrTruncated}
		}
		c := data[off]
		if size := int(fixedSize[c]); size != 0 {
			if size > len(data)-off {
				return 0, &SyntaxError{Offset: off, Cause: ErrTruncated}
			}
			off += size
		} else {
			h, err := readHead(data, off)
			if err != nil {
				return 0, err
			}
			if h.family != arrayFamily && h.family != mapFamily {
				off = h.body + h.n
			} else {
				if depth > 0 && open[depth-1]&3 == 1 {
					return 0, &SyntaxError{Offset: off, Cause: ErrMapKey}
				}
				if depth == maxDepth {
					return 0, &SyntaxError{Offset: off, Cause: ErrTooDeep}
				}
				values := uint32(h.n)
				isMap := uint32(0)
				if h.family == mapFamily {
					values, isMap = values*2, 1
				}
				if elements += int(values); elements > MaxElements {
					return 0, &SyntaxError{Offset: off, Cause: ErrTooMany}
				}
				off = h.body
				if values > 0 {
					open[depth] = values<<1 | isMap
					depth++
					continue
				}
			}
		}
		// A value ended; so does every container whose last value it was.
		for depth > 0 {
			open[depth-1] -= 2
			if open[depth-1]>>1 != 0 {
				break
			}
			depth--
		}
		if depth == 0 {
			return off, nil
		}
	}
}

// family groups msgpack's first bytes by what they begin.
type family uint8

const (
	invalidFamily family = iota
	nilFamily
	boolFamily
	intFamily
	floatFamily
	stringFamily
	bytesFamily
	arrayFamily
	mapFamily
	timeFamily
)

// head is the beginning of a value.
type head struct {
	family family
	// body is where what follows the head begins.
	body int
	// n is the length of the body in bytes; of an array or a map it is the number
	// of elements or pairs.
	n int
}

// readHead reads the head of the value at off, which must be inside data. The
// returned length fits the bytes that remain.
func readHead(data []byte, off int) (head, error) {
	c := data[off]
	h := head{family: families[c], body: off + 1}
	if size := int(fixedSize[c]); size != 0 {
		h.n = size - 1
	} else if c&0xf0 == 0x80 || c&0xf0 == 0x90 {
		h.n = int(c & 0x0f)
	} else if h.family == invalidFamily {
		return head{}, &SyntaxError{Offset: off, Cause: ErrReserved}
	} else if h.family == timeFamily {
		return timeHead(data, off)
	} else {
		width := lengthWidth(c)
		n, ok := readLength(data, h.body, width)
		if !ok {
			return head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
		}
		h.n = n
		h.body += width
	}
	// The smallest element takes one byte, so a count can't exceed the bytes left.
	need := h.n
	if h.family == mapFamily {
		need *= 2
	}
	if need > len(data)-h.body {
		return head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	return h, nil
}

// timeHead reads the head of an extension and refuses all but the timestamp. The
// body begins after the extension's type.
func timeHead(data []byte, off int) (head, error) {
	h := head{family: timeFamily, body: off + 1}
	c := data[off]
	if c >= 0xd4 {
		h.n = 1 << (c - 0xd4)
	} else {
		width := lengthWidth(c)
		n, ok := readLength(data, h.body, width)
		if !ok {
			return head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
		}
		h.n = n
		h.body += width
	}
	h.body++
	if h.body > len(data) {
		return head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
	}
	if int8(data[h.body-1]) != timestampExt || h.n != 4 && h.n != 8 && h.n != 12 {
		return head{}, &SyntaxError{Offset: off, Cause: ErrExtension}
	}
	if h.n > len(data)-h.body {
		return head{}, &SyntaxError{Offset: off, Cause: ErrTruncated}
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

var families = func() (t [256]family) {
	for c := range 256 {
		switch {
		case c <= 0x7f || c >= 0xe0 || c >= 0xcc && c <= 0xd3:
			t[c] = intFamily
		case c <= 0x8f || c == 0xde || c == 0xdf:
			t[c] = mapFamily
		case c <= 0x9f || c == 0xdc || c == 0xdd:
			t[c] = arrayFamily
		case c <= 0xbf || c >= 0xd9 && c <= 0xdb:
			t[c] = stringFamily
		case c == 0xc0:
			t[c] = nilFamily
		case c == 0xc2 || c == 0xc3:
			t[c] = boolFamily
		case c >= 0xc4 && c <= 0xc6:
			t[c] = bytesFamily
		case c >= 0xc7 && c <= 0xc9 || c >= 0xd4 && c <= 0xd8:
			t[c] = timeFamily
		case c == 0xca || c == 0xcb:
			t[c] = floatFamily
		}
	}
	return t
}()

// String names the family as errors do: "a string".
func (f family) String() string {
	return [...]string{
		"an invalid byte", "nil", "a bool", "an integer", "a float", "a string",
		"bytes", "an array", "a map", "a time",
	}[f]
}
