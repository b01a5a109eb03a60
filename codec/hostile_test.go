package codec_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// appendValue appends v to b as a Writer does.
func appendValue(b []byte, v any) ([]byte, error) {
	w := codec.NewWriter(b)
	w.Value(v)
	return w.Buffer(), w.Err()
}

// appendReflect is appendValue for what a reflect.Value holds.
func appendReflect(b []byte, v reflect.Value) ([]byte, error) {
	w := codec.NewWriter(b)
	w.ReflectValue(v)
	return w.Buffer(), w.Err()
}

// unhex turns "92 01 02" into bytes.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("bad hex %q in the test: %v", text, err)
	}
	return data
}

// allocations returns how often f allocates. What else runs in the process can only add
// to a count, so the least of several is it.
func allocations(runs int, f func()) float64 {
	least := testing.AllocsPerRun(runs, f)
	for try := 0; try < 10 && least > 0; try++ {
		least = min(least, testing.AllocsPerRun(runs, f))
	}
	return least
}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestAClaimedLengthAllocatesNothingWorthNaming(t *testing.T) {
	type empty struct{}
	nested := func(head string, times int) []byte { return bytes.Repeat(unhex(t, head), times) }
	for _, test := range []struct {
		name string
		data []byte
	}{
		{"array32", unhex(t, "dd 01 00 00 00")},
		{"array32 with some elements", append(unhex(t, "dd 01 00 00 00"), make([]byte, 100)...)},
		{"map32", unhex(t, "df 01 00 00 00")},
		{"str32", unhex(t, "db 10 00 00 00")},
		{"bin32", unhex(t, "c6 10 00 00 00")},
		{"nested array16", nested("dc 10 00", 5000)},
		{"nested map16", nested("de 10 00 01", 5000)},
		{"nested array of one", nested("91", 1_000_000)},
	} {
		for _, target := range []any{
			new([]int64), new([]string), new([]empty), new([][][][]int64), new([][1 << 16]int64),
			new(map[string]int), new(map[int64][4096]byte), new(string), new([]byte), new(any), new([]any), new(map[string]any),
			new(*[]*[]int), new(tree), new(struct{ A []int64 }),
		} {
			// Twice, because the first time may make the codec of the type.
			for range 2 {
				var err error
				if got := allocated(func() { r := codec.NewReader(test.data); err = r.Value(target) }); err == nil {
					t.Errorf("%s into %T passed, want an error", test.name, target)
				} else if got > 2<<20 {
					t.Errorf("%s into %T allocated %d bytes, want few", test.name, target, got)
				}
			}
		}
	}
}

// tree is a type that contains itself.
type tree struct {
	Name     string
	Children []tree
	Parent   *tree
	ByName   map[string]tree
}

func TestAFewBytesThatStandForHugeValuesAreRefused(t *testing.T) {
	type page struct{ Bytes [1 << 16]int64 }
	data := append(msgpack.AppendArrayHeader(nil, 1<<16), bytes.Repeat([]byte{0x80}, 1<<16)...)
	if err := msgpack.Scan(data); err != nil {
		t.Fatal(err)
	}
	for _, target := range []any{new([]page), new([]*page)} {
		var err error
		got := allocated(func() { r := codec.NewReader(data); err = r.Value(target) })
		if err == nil || got > 64<<20 {
			t.Errorf("%d bytes into %T: got %v and %d bytes allocated, want an error and at most 64 MiB", len(data), target, err, got)
		}
	}
}

func TestALargeHonestValueIsDecoded(t *testing.T) {
	type row struct {
		ID   int64  `json:"id"`
		Name string `json:"name,omitempty"`
		Mail string `json:"mail,omitempty"`
		Home string `json:"home,omitempty"`
	}
	want := make([]row, 100_000)
	for i := range want {
		want[i].ID = int64(i)
	}
	data, err := appendValue(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	var got []row
	r := codec.NewReader(data)
	if err := r.Value(&got); err != nil || len(got) != len(want) || got[99_999] != want[99_999] {
		t.Errorf("got %d rows, %v; want %d", len(got), err, len(want))
	}
}
