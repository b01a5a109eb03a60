package msgpack_test

import (
	"bytes"
	"errors"
	"hash/maphash"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
)

// digestGroups are values that say the same within a group, and different things in two.
var digestGroups = [][]string{
	{"c0"},
	{"c2"},
	{"c3"},
	{"00", "cc 00", "d3 0000000000000000", "ca 00000000", "cb 0000000000000000"},
	{"cb 8000000000000000", "ca 80000000"}, // -0.0
	{"01", "cd 0001", "d0 01", "cb 3ff0000000000000"},
	{"ff", "d0 ff", "d3 ffffffffffffffff", "cb bff0000000000000", "ca bf800000"},
	{"cf ffffffffffffffff"},
	{"cb 43f0000000000000"}, // 2^64
	{"cb 3ff8000000000000", "ca 3fc00000"},
	{"cb 7ff0000000000000", "ca 7f800000"}, // infinity
	{"a0", "d9 00"},
	{"c4 00", "c5 0000"},
	{"a1 61", "d9 01 61"},
	{"c4 01 61"},
	{"a1 31"},
	{"90", "dc 0000"},
	{"80", "de 0000"},
	{"91 01", "dd 00000001 cb 3ff0000000000000"},
	{"92 01 02", "dc 0002 01 02"},
	{"92 02 01"},
	{"91 92 01 02"},
	{"92 91 01 02"},
	{"92 01 91 02"},
	{"81 01 02"},
	{"81 02 01"},
	{"82 a1 61 01 a1 62 02", "82 a1 62 02 a1 61 01", "de 0002 a1 62 cd 0002 d9 01 61 01"},
	{"82 a1 61 02 a1 62 01", "82 a1 62 01 a1 61 02"},
	{"82 a1 61 01 a1 61 01"}, // entries that are alike don't vanish
	{"82 a1 61 02 a1 61 02"},
	{"83 a1 61 01 a1 62 02 a1 63 c0"},
	{"d6 ff 00000001"},
	{"d6 ff 00000002"},
	{"91 82 a1 61 81 01 02 a1 62 90", "91 82 a1 62 90 a1 61 81 01 02"},
}

func TestADigestIsOfWhatAValueSays(t *testing.T) {
	seed := maphash.MakeSeed()
	digest := func(text string) uint64 {
		sum, err := msgpack.Digest(unhex(t, text), seed)
		if err != nil {
			t.Errorf("Digest(%s): %v", text, err)
		}
		return sum
	}
	seen := make(map[uint64]string)
	for _, group := range digestGroups {
		for _, text := range group[1:] {
			if digest(text) != digest(group[0]) {
				t.Errorf("%s and %s say the same and have different digests", group[0], text)
			}
		}
		if other := seen[digest(group[0])]; other != "" {
			t.Errorf("%s and %s say different things and have the same digest", group[0], other)
		}
		seen[digest(group[0])] = group[0]
	}
	one, _ := msgpack.Digest(unhex(t, "a1 61"), maphash.MakeSeed())
	if one == digest("a1 61") {
		t.Error("the digest doesn't depend on the seed")
	}
}

func FuzzADigestIsThereForAllThatPassesTheGuard(f *testing.F) {
	for _, group := range digestGroups {
		for _, text := range group {
			f.Add(unhex(f, text))
		}
	}
	f.Add(bytes.Repeat([]byte{0x91}, 70))
	seed := maphash.MakeSeed()
	f.Fuzz(func(t *testing.T, data []byte) {
		guarded := msgpack.Scan(data)
		_, err := msgpack.Digest(data, seed) // and it doesn't panic for the rest
		if guarded == nil && err != nil {
			t.Errorf("Digest(%x) = %v, and the guard passes it", data, err)
		}
		if again, _ := msgpack.Digest(data, seed); err == nil {
			if sum, _ := msgpack.Digest(bytes.Clone(data), seed); sum != again {
				t.Errorf("Digest(%x) = %x and %x", data, again, sum)
			}
		}
	})
}

func TestADigestOfWhatBreaksOffIsAnError(t *testing.T) {
	for _, text := range []string{"", "92 01", "81 01", "a2 61", "cd 01", "01 02", "c1"} {
		if _, err := msgpack.Digest(unhex(t, text), maphash.MakeSeed()); err == nil {
			t.Errorf("Digest(%q) = nil, want an error", text)
		}
	}
	deep := bytes.Repeat([]byte{0x91}, 10_000)
	if _, err := msgpack.Digest(append(deep, 1), maphash.MakeSeed()); !errors.Is(err, msgpack.ErrTooDeep) {
		t.Errorf("Digest of 10,000 levels = %v, want %v", err, msgpack.ErrTooDeep)
	}
}
