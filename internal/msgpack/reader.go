package msgpack

import (
	"errors"
	"fmt"
)

// Reader steps over the parts of Helium's own messages, such as the numbers and the text of a
// frame, and reads them exactly as they are written. The values of people's calls are read
// with more forbearance, by package codec; but two readers that made different things of a
// frame would disagree on which call it is.
//
// It checks every bound, so it may read what no [Scan] has seen. A method that fails leaves
// the Reader where it was.
type Reader struct {
	data []byte
	off  int
}

// NewReader returns a Reader at the start of data. What it returns by reference shares data's
// memory.
func NewReader(data []byte) Reader { return Reader{data: data} }

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.data) - r.off }

// Nil steps over a nil if one is next, and reports whether one was.
func (r *Reader) Nil() bool {
	if r.off < len(r.data) && r.data[r.off] == 0xc0 {
		r.off++
		return true
	}
	return false
}

// ArrayHeader reads the head of an array and returns how many elements follow. There are at
// least as many bytes left.
func (r *Reader) ArrayHeader() (int, error) {
	h, err := r.head(Array, "an array")
	if err == nil {
		r.off = h.Body
	}
	return h.N, err
}

// Unsigned reads an integer that isn't negative, in any of the formats of integers. A float is
// none, however integral.
func (r *Reader) Unsigned() (uint64, error) {
	if r.off < len(r.data) && r.data[r.off] <= 0x7f {
		r.off++
		return uint64(r.data[r.off-1]), nil
	}
	n, end, ok, err := ReadNumber(r.data, r.off)
	switch {
	case err != nil:
		return 0, err
	case !ok:
		return 0, r.mismatch("a number")
	case n.Form == Fractional:
		return 0, errors.New("got a float, want an unsigned integer")
	case n.Form == Negative:
		return 0, fmt.Errorf("%v is out of range of uint64", n)
	}
	r.off = end
	return n.Bits, nil
}

// Text reads text; bytes are none.
func (r *Reader) Text() (string, error) {
	b, err := r.body(String, "a string")
	return string(b), err
}

// TextBytes is Text by reference.
func (r *Reader) TextBytes() ([]byte, error) { return r.body(String, "a string") }

// Binary reads bytes by reference; text is none, nor is nil.
func (r *Reader) Binary() ([]byte, error) { return r.body(Bytes, "bytes") }

// TextMap reads a map of text to text with at most limit pairs. A nil is a nil map.
func (r *Reader) TextMap(limit int) (map[string]string, error) {
	if r.Nil() {
		return nil, nil
	}
	h, err := r.head(Map, "a map")
	if err != nil {
		return nil, err
	}
	if h.N > limit {
		return nil, fmt.Errorf("the map has %d entries; at most %d are allowed", h.N, limit)
	}
	at := *r
	at.off = h.Body
	const room = 64 // for the first pairs; a count is only as good as who sent it
	m := make(map[string]string, min(h.N, room))
	for range h.N {
		key, err := at.Text()
		if err != nil {
			return nil, inside("[key]", err)
		}
		value, err := at.Text()
		if err != nil {
			return nil, inside(fmt.Sprintf("[%.40q]", key), err)
		}
		m[key] = value
	}
	r.off = at.off
	return m, nil
}

// Skip steps over the next value, whatever it is, and checks it as [Scan] does.
func (r *Reader) Skip() error {
	end, err := Skip(r.data, r.off, MaxDepth)
	if err != nil {
		return err
	}
	r.off = end
	return nil
}

// Raw steps over the next value as [Reader.Skip] does and returns its bytes, which share the
// Reader's data.
func (r *Reader) Raw() ([]byte, error) {
	start := r.off
	if err := r.Skip(); err != nil {
		return nil, err
	}
	return r.data[start:r.off:r.off], nil
}

// Until returns the bytes between the Reader and a later one of the same data, which they share.
func (r *Reader) Until(later *Reader) []byte { return r.data[r.off:later.off:later.off] }

// head reads the head of the next value, of a family that errors call want, without stepping.
func (r *Reader) head(f Family, want string) (Head, error) {
	h, err := ReadHead(r.data, r.off)
	if err != nil {
		return Head{}, err
	}
	if h.Family != f {
		return Head{}, r.mismatch(want)
	}
	return h, nil
}

// body reads text or bytes by reference.
func (r *Reader) body(f Family, want string) ([]byte, error) {
	h, err := r.head(f, want)
	if err != nil {
		return nil, err
	}
	r.off = h.Body + h.N
	return r.data[h.Body:r.off:r.off], nil
}

// mismatch is the error for a next value that isn't what was wanted.
func (r *Reader) mismatch(want string) error {
	h, err := ReadHead(r.data, r.off)
	if err != nil {
		return err
	}
	return fmt.Errorf("got %v, want %s", h.Family, want)
}

// inside says which entry of a map an error is about.
func inside(entry string, err error) error {
	if _, broken := errors.AsType[*SyntaxError](err); broken {
		return err
	}
	return fmt.Errorf("element %s: %w", entry, err)
}
