package msgpack_test

import (
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestWhatHoldsAMessageTogetherIsReadExactly(t *testing.T) {
	unsigned := func(r *msgpack.Reader) error { _, err := r.Unsigned(); return err }
	text := func(r *msgpack.Reader) error { _, err := r.Text(); return err }
	binary := func(r *msgpack.Reader) error { _, err := r.Binary(); return err }
	textMap := func(r *msgpack.Reader) error { _, err := r.TextMap(2); return err }
	for _, c := range []struct {
		name string
		read func(*msgpack.Reader) error
		data string
		fits bool
	}{
		{"a small number", unsigned, "\x05", true},
		{"a long form", unsigned, "\xcf\x00\x00\x00\x00\x00\x00\x00\x05", true},
		{"the largest", unsigned, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", true},
		{"a signed format", unsigned, "\xd3\x00\x00\x00\x00\x00\x00\x00\x05", true},
		{"a negative number", unsigned, "\xff", false},
		{"a negative number in a long form", unsigned, "\xd3\xff\xff\xff\xff\xff\xff\xff\xff", false},
		{"an integral float", unsigned, "\xcb\x40\x14\x00\x00\x00\x00\x00\x00", false},
		{"an integral float32", unsigned, "\xca\x40\xa0\x00\x00", false},
		{"text for a number", unsigned, "\xa15", false},
		{"half a number", unsigned, "\xcd\x01", false},
		{"no number", unsigned, "", false},
		{"text", text, "\xa1a", true},
		{"text in a long form", text, "\xd9\x01a", true},
		{"bytes for text", text, "\xc4\x01a", false},
		{"nil for text", text, "\xc0", false},
		{"bytes", binary, "\xc4\x01a", true},
		{"bytes in a long form", binary, "\xc6\x00\x00\x00\x01a", true},
		{"text for bytes", binary, "\xa1a", false},
		{"nil for bytes", binary, "\xc0", false},
		{"no bytes", binary, "", false},
		{"a map", textMap, "\x82\xa1a\xa1b\xa1c\xa1d", true},
		{"nil for a map", textMap, "\xc0", true},
		{"a map too large", textMap, "\x83\xa1a\xa1b\xa1c\xa1d\xa1e\xa1f", false},
		{"bytes for a key", textMap, "\x81\xc4\x01a\xa1b", false},
		{"bytes for a value", textMap, "\x81\xa1a\xc4\x01b", false},
	} {
		r := msgpack.NewReader([]byte(c.data))
		err := c.read(&r)
		if (err == nil) != c.fits {
			t.Errorf("%s, % x: got %v, want it to fit: %t", c.name, c.data, err, c.fits)
		}
		if left := r.Len(); c.fits && left != 0 || !c.fits && left != len(c.data) {
			t.Errorf("%s, % x: %d bytes are left, want a step over what fits and none else", c.name, c.data, left)
		}
	}
}
