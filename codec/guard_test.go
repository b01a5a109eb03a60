package codec_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

// unhex turns "92 01 02" into bytes.
func unhex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatalf("bad hex %q in the test: %v", text, err)
	}
	return data
}

func TestTheGuardSaysWhereAndWhyItRefuses(t *testing.T) {
	for _, test := range []struct {
		name, data string
		cause      error
		offset     int
	}{
		{"nothing at all", "", codec.ErrTruncated, 0},
		{"half an integer", "cd 01", codec.ErrTruncated, 0},
		{"a string beyond the end", "92 01 a3 61 62", codec.ErrTruncated, 2},
		{"a str32 of four billion bytes", "db ff ff ff ff 61", codec.ErrTruncated, 0},
		{"a bin32 of 16 million bytes", "c6 01 00 00 00", codec.ErrTruncated, 0},
		{"an array32 of 16 million elements", "dd 01 00 00 00", codec.ErrTruncated, 0},
		{"a map32 of four billion pairs", "df ff ff ff ff 01 02", codec.ErrTruncated, 0},
		{"a map with room for half its pairs", "82 01 02 03", codec.ErrTruncated, 0},
		{"an array that lacks its last element", "92 91 01", codec.ErrTruncated, 3},
		{"a length cut in two", "da 00", codec.ErrTruncated, 0},
		{"a second value", "01 02", codec.ErrTrailing, 1},
		{"bytes behind an array", "91 01 c0", codec.ErrTrailing, 2},
		{"the reserved byte", "91 c1", codec.ErrReserved, 1},
		{"an extension of a user's own", "d4 05 00", codec.ErrExtension, 0},
		{"the library's interned string", "d4 80 00", codec.ErrExtension, 0},
		{"a timestamp of one byte", "d4 ff 00", codec.ErrExtension, 0},
		{"a timestamp of nine bytes", "c7 09 ff 00 00 00 00 00 00 00 00 00", codec.ErrExtension, 0},
		{"a timestamp cut short", "d7 ff 00 00", codec.ErrTruncated, 0},
		{"an extension without a type", "d6", codec.ErrTruncated, 0},
		{"an array as a key", "81 90 01", codec.ErrMapKey, 1},
		{"a map as the second key", "82 01 02 80 03", codec.ErrMapKey, 3},
		{"a map as a key in a map as a value", "81 01 81 80 01", codec.ErrMapKey, 3},
	} {
		err := codec.Scan(unhex(t, test.data))
		var syntax *codec.SyntaxError
		if !errors.Is(err, test.cause) || !errors.As(err, &syntax) || syntax.Offset != test.offset {
			t.Errorf("%s: Scan(%s) = %v, want %q at byte %d", test.name, test.data, err, test.cause, test.offset)
		}
	}
}

func TestTheGuardLetsEveryKindOfValuePass(t *testing.T) {
	for _, data := range []string{
		"00", "7f", "e0", "ff", "c0", "c2", "c3",
		"cc 80", "cd 01 00", "ce 00 01 00 00", "cf 00 00 00 01 00 00 00 00",
		"d0 80", "d1 80 00", "d2 80 00 00 00", "d3 80 00 00 00 00 00 00 00",
		"ca 3f 80 00 00", "cb 3f f0 00 00 00 00 00 00",
		"a0", "a1 61", "a1 ff", "d9 01 61", "da 00 01 61", "db 00 00 00 01 61",
		"c4 00", "c4 01 00", "c5 00 01 00", "c6 00 00 00 01 00",
		"90", "91 90", "dc 00 00", "dc 00 01 c0", "dd 00 00 00 01 c0",
		"80", "81 01 80", "81 01 91 80", "de 00 01 01 02", "df 00 00 00 01 01 02",
		"81 c0 01", "81 c4 01 61 01", "81 c3 01", "81 ca 3f 80 00 00 01",
		"d6 ff 00 00 00 01", "d7 ff 00 00 00 00 00 00 00 01", "c7 0c ff 00 00 00 00 00 00 00 00 00 00 00 01",
		"81 d6 ff 00 00 00 01 01", "92 82 01 91 02 03 04 05",
	} {
		if err := codec.Scan(unhex(t, data)); err != nil {
			t.Errorf("Scan(%s) = %v, want it to pass", data, err)
		}
	}
}

func TestTheGuardAllowsTheLimitsAndNothingBeyond(t *testing.T) {
	nested := func(depth int) []byte {
		return append(bytes.Repeat([]byte{0x91}, depth), 0xc0)
	}
	if err := codec.Scan(nested(codec.MaxDepth)); err != nil {
		t.Errorf("arrays %d deep: got %v, want them to pass", codec.MaxDepth, err)
	}
	for _, depth := range []int{codec.MaxDepth + 1, 10_000, 1_000_000} {
		if err := codec.Scan(nested(depth)); !errors.Is(err, codec.ErrTooDeep) {
			t.Errorf("arrays %d deep: got %v, want %v", depth, err, codec.ErrTooDeep)
		}
	}
	flat := func(n int) []byte {
		return append(codec.AppendArrayHeader(nil, n), make([]byte, n)...)
	}
	if err := codec.Scan(flat(codec.MaxElements)); err != nil {
		t.Errorf("%d elements: got %v, want them to pass", codec.MaxElements, err)
	}
	if err := codec.Scan(flat(codec.MaxElements + 1)); !errors.Is(err, codec.ErrTooMany) {
		t.Errorf("%d elements: got %v, want %v", codec.MaxElements+1, err, codec.ErrTooMany)
	}
}

func TestTheGuardCountsTheElementsOfAnArray(t *testing.T) {
	if n, err := codec.ScanArray(unhex(t, "93 01 91 02 03")); n != 3 || err != nil {
		t.Errorf("got %d, %v; want 3 elements", n, err)
	}
	if n, err := codec.ScanArray(unhex(t, "90")); n != 0 || err != nil {
		t.Errorf("got %d, %v; want no elements", n, err)
	}
	for data, want := range map[string]error{"80": codec.ErrNotArray, "c0": codec.ErrNotArray, "91": codec.ErrTruncated, "90 90": codec.ErrTrailing} {
		if _, err := codec.ScanArray(unhex(t, data)); !errors.Is(err, want) {
			t.Errorf("ScanArray(%s) = %v, want %v", data, err, want)
		}
	}
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

func TestTheGuardAllocatesNothing(t *testing.T) {
	data, err := codec.AppendValue(nil, map[string]any{"a": []any{1, "two", 3.0, nil, []byte("four")}, "b": map[string]int{"c": 5}})
	if err != nil {
		t.Fatal(err)
	}
	if n := allocations(100, func() {
		if err := codec.Scan(data); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("got %v allocations a scan, want none", n)
	}
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
	data := append(codec.AppendArrayHeader(nil, 1<<16), bytes.Repeat([]byte{0x80}, 1<<16)...)
	if err := codec.Scan(data); err != nil {
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
	data, err := codec.AppendValue(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	var got []row
	r := codec.NewReader(data)
	if err := r.Value(&got); err != nil || len(got) != len(want) || got[99_999] != want[99_999] {
		t.Errorf("got %d rows, %v; want %d", len(got), err, len(want))
	}
}
