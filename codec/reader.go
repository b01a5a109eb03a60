package codec

import (
	"encoding/binary"
	"fmt"
	"time"
)

// Reader steps over msgpack values. It checks every bound and allocates nothing from
// a length that isn't backed by bytes, so it may read what no [Scan] has seen.
//
// Its methods read one value and step behind it; a method that fails leaves the
// Reader where it was. Errors are a *[SyntaxError] where the bytes are no msgpack
// and a *[ValueError] where they are another value than was asked for.
//
// A Reader is a small value; a copy of it is a mark to return to.
type Reader struct {
	data []byte
	off  int
	// depth counts the arrays and maps that decoding is inside of.
	depth int
	// room is the memory that decoding may still take, in bytes; see [Reader.take].
	room int
	// owned says that data is nobody else's, so that what is read may keep it.
	owned bool
}

// NewReader returns a Reader at the start of data. What it returns by reference
// shares data's memory.
func NewReader(data []byte) Reader { return Reader{data: data} }

// NewOwnedReader returns a Reader of data that nobody uses otherwise, now or later. Long
// bytes that are most of it aren't copied.
func NewOwnedReader(data []byte) Reader { return Reader{data: data, owned: true} }

// keptWhole is how long bytes must be, in bytes, to be read without a copy. Data is part
// of a message: shorter bytes would keep many times their own size from being collected.
const keptWhole = 16 << 10

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.data) - r.off }

// Offset returns how many bytes were read.
func (r *Reader) Offset() int { return r.off }

// head reads the head of the next value without stepping.
func (r *Reader) head() (head, error) {
	if r.off >= len(r.data) {
		return head{}, &SyntaxError{Offset: len(r.data), Cause: ErrTruncated}
	}
	return readHead(r.data, r.off)
}

// Nil steps over a nil if one is next, and reports whether one was.
func (r *Reader) Nil() bool {
	if r.off < len(r.data) && r.data[r.off] == 0xc0 {
		r.off++
		return true
	}
	return false
}

// Bool reads a bool.
func (r *Reader) Bool() (bool, error) {
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

// String reads text, or bytes as text.
func (r *Reader) String() (string, error) {
	b, err := r.stringRef("a string")
	return string(b), err
}

// stringRef reads text or bytes by reference; want names what was asked for.
func (r *Reader) stringRef(want string) ([]byte, error) {
	h, err := r.head()
	if err != nil {
		return nil, err
	}
	if h.family != stringFamily && h.family != bytesFamily {
		return nil, r.mismatch(want)
	}
	r.off = h.body + h.n
	return r.data[h.body:r.off:r.off], nil
}

// Bytes reads bytes, or text as bytes, into a slice that is the reader's caller's to keep
// and to change. A nil is a nil slice.
func (r *Reader) Bytes() ([]byte, error) {
	b, err := r.BytesRef()
	switch {
	case b == nil:
		return nil, err
	case r.owned && len(b) >= keptWhole && len(b) > len(r.data)/2:
		return b, nil
	}
	return append(make([]byte, 0, len(b)), b...), nil
}

// BytesRef is [Reader.Bytes] without the copy: the slice shares the Reader's data.
func (r *Reader) BytesRef() ([]byte, error) {
	if r.Nil() {
		return nil, nil
	}
	return r.stringRef("bytes")
}

// Time reads an instant: a timestamp, or text as in RFC 3339. It is in UTC.
func (r *Reader) Time() (time.Time, error) {
	h, err := r.head()
	if err != nil {
		return time.Time{}, err
	}
	body := r.data[h.body : h.body+h.n]
	switch h.family {
	case timeFamily:
		r.off = h.body + h.n
		return timeOf(body), nil
	case stringFamily:
		t, err := time.Parse(time.RFC3339Nano, string(body))
		if err != nil {
			return time.Time{}, valueErrorf("%.40q is no time; write it as in RFC 3339, such as 2006-01-02T15:04:05Z", body)
		}
		r.off = h.body + h.n
		return t.UTC(), nil
	}
	return time.Time{}, r.mismatch("a time")
}

// timeOf decodes the body of a timestamp, see [AppendTime].
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

// ArrayHeader reads the head of an array and returns how many elements follow. There
// are at least as many bytes left.
func (r *Reader) ArrayHeader() (int, error) { return r.header(arrayFamily, "an array") }

// MapHeader reads the head of a map and returns how many pairs of key and value
// follow. There are at least twice as many bytes left.
func (r *Reader) MapHeader() (int, error) { return r.header(mapFamily, "a map") }

func (r *Reader) header(f family, want string) (int, error) {
	h, err := r.head()
	if err != nil {
		return 0, err
	}
	if h.family != f {
		return 0, r.mismatch(want)
	}
	r.off = h.body
	return h.n, nil
}

// StringMap reads a map of text to text with at most limit pairs, where bytes are text,
// too. A nil is a nil map.
func (r *Reader) StringMap(limit int) (map[string]string, error) {
	return r.stringMap(limit, false)
}

// stringMap reads the map of StringMap, or of TextMap, where text is read exactly.
func (r *Reader) stringMap(limit int, exact bool) (map[string]string, error) {
	if r.Nil() {
		return nil, nil
	}
	at := *r
	n, err := r.MapHeader()
	if err != nil {
		return nil, err
	}
	if n > limit {
		*r = at
		return nil, valueErrorf("the map has %d entries; at most %d are allowed", n, limit)
	}
	m := make(map[string]string, min(n, maxMapHint))
	for range n {
		key, err := r.textAs(exact)
		if err != nil {
			*r = at
			return nil, inside(keySegment, err)
		}
		value, err := r.textAs(exact)
		if err != nil {
			*r = at
			return nil, inside(nameOf(key), err)
		}
		m[key] = value
	}
	return m, nil
}

func (r *Reader) textAs(exact bool) (string, error) {
	if exact {
		return r.Text()
	}
	return r.String()
}

// Skip steps over the next value, whatever it is, and checks it as [Scan] does. What lies
// around it counts towards the depth.
func (r *Reader) Skip() error {
	end, err := scanValue(r.data, r.off, MaxDepth-r.depth)
	if err != nil {
		return err
	}
	r.off = end
	return nil
}

// Raw steps over the next value as [Reader.Skip] does and returns its bytes, which
// share the Reader's data.
func (r *Reader) Raw() ([]byte, error) {
	start := r.off
	if err := r.Skip(); err != nil {
		return nil, err
	}
	return r.data[start:r.off:r.off], nil
}

// mismatch is the error for a next value that isn't what was wanted.
func (r *Reader) mismatch(want string) error {
	h, err := r.head()
	if err != nil {
		return err
	}
	return valueErrorf("got %v, want %s", h.family, want)
}

// ValueError says that a value doesn't fit the Go type it should go to, or can't be
// sent.
type ValueError struct {
	// Path leads to the value from the outermost one, such as people[3].age. It is
	// empty for the outermost value itself.
	Path string
	// Problem says what is wrong and, where it isn't plain, what to do.
	Problem string

	cause error
}

func (e *ValueError) Error() string {
	switch {
	case e.Path == "":
		return e.Problem
	case e.Path[0] == '[':
		return fmt.Sprintf("element %s: %s", e.Path, e.Problem)
	}
	return fmt.Sprintf("field %q: %s", e.Path, e.Problem)
}

// Unwrap returns the error of a type's own method, if that is what failed.
func (e *ValueError) Unwrap() error { return e.cause }

func valueErrorf(format string, args ...any) *ValueError {
	return &ValueError{Problem: fmt.Sprintf(format, args...)}
}
