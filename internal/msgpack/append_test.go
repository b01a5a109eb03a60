package msgpack_test

import (
	"bytes"
	"maps"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestEqualMapsOfTextAreEqualBytes(t *testing.T) {
	want := map[string]string{"a": "1", "b": "2", "c": ""}
	b := msgpack.AppendStringMap(nil, want)
	r := msgpack.NewReader(b)
	if got, err := r.TextMap(3); err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	for range 20 {
		if again := msgpack.AppendStringMap(nil, want); !bytes.Equal(again, b) {
			t.Fatalf("got % x, want the keys in order as in % x", again, b)
		}
	}
	if got := msgpack.AppendStringMap(nil, nil); string(got) != "\xc0" {
		t.Errorf("a nil map: got % x, want nil", got)
	}
}
