package uncleared_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/internal/uncleared"
)

func TestMemoryIsAsLongAsWasAskedForAndNobodyElses(t *testing.T) {
	var all [][]byte
	sizes := []int{0, 1, 7, 8, 9, 1023, 4096, 65_537, 1 << 20}
	for i, size := range sizes {
		b := uncleared.Bytes(size)
		if len(b) != size || cap(b) != size {
			t.Errorf("asked for %d bytes there are %d, with room for %d", size, len(b), cap(b))
		}
		for j := range b {
			b[j] = byte(i)
		}
		all = append(all, b)
	}
	for i, b := range all {
		if want := bytes.Repeat([]byte{byte(i)}, sizes[i]); !bytes.Equal(b, want) {
			t.Errorf("the %d bytes were written over by who got others", sizes[i])
		}
	}
}

func TestToAppendToItLeavesAloneWhatIsBehind(t *testing.T) {
	one, other := uncleared.Bytes(5), uncleared.Bytes(5)
	copy(one, "one..")
	copy(other, "other")
	if longer := append(one, "more"...); string(longer) != "one..more" || string(one) != "one.." || string(other) != "other" {
		t.Errorf("appended to %q beside %q there is %q", one, other, longer)
	}
}

func TestALengthBelowZeroPanicsAsThatOfMakeDoes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("-1 bytes are given")
		}
	}()
	_ = uncleared.Bytes(-1)
}

func Benchmark(b *testing.B) {
	for _, size := range []int{64 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("uncleared %d KiB", size>>10), func(b *testing.B) {
			for b.Loop() {
				kept = uncleared.Bytes(size)
				kept[0] = 1
			}
		})
		b.Run(fmt.Sprintf("make %d KiB", size>>10), func(b *testing.B) {
			for b.Loop() {
				kept = make([]byte, size)
				kept[0] = 1
			}
		})
	}
}

var kept []byte
