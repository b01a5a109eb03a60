package codec

// What holds a message together, such as the numbers and the text of a frame, is read
// exactly as it is written. Values are read with more forbearance, see [Reader.Uint] and
// [Reader.String]; but two readers that made different things of a frame would disagree
// on which call it is.

// Unsigned reads an integer that isn't negative, in any of the formats of integers. A
// float is none, however integral.
func (r *Reader) Unsigned() (uint64, error) {
	if r.off < len(r.data) {
		switch c := r.data[r.off]; {
		case c <= 0x7f:
			r.off++
			return uint64(c), nil
		case c == 0xca || c == 0xcb:
			return 0, valueErrorf("got a float, want an unsigned integer")
		}
	}
	return r.Uint(64)
}

// Text reads text; bytes are none.
func (r *Reader) Text() (string, error) {
	if r.off < len(r.data) && families[r.data[r.off]] == bytesFamily {
		return "", r.mismatch("a string")
	}
	return r.String()
}

// BinaryRef reads bytes by reference; text is none, nor is nil.
func (r *Reader) BinaryRef() ([]byte, error) {
	if r.off < len(r.data) && families[r.data[r.off]] != bytesFamily {
		return nil, r.mismatch("bytes")
	}
	return r.stringRef("bytes")
}

// TextMap reads a map of text to text with at most limit pairs. A nil is a nil map.
func (r *Reader) TextMap(limit int) (map[string]string, error) {
	return r.stringMap(limit, true)
}
