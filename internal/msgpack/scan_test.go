package msgpack_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/msgpack"
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
		{"nothing at all", "", msgpack.ErrTruncated, 0},
		{"half an integer", "cd 01", msgpack.ErrTruncated, 0},
		{"a string beyond the end", "92 01 a3 61 62", msgpack.ErrTruncated, 2},
		{"a str32 of four billion bytes", "db ff ff ff ff 61", msgpack.ErrTruncated, 0},
		{"a bin32 of 16 million bytes", "c6 01 00 00 00", msgpack.ErrTruncated, 0},
		{"an array32 of 16 million elements", "dd 01 00 00 00", msgpack.ErrTruncated, 0},
		{"a map32 of four billion pairs", "df ff ff ff ff 01 02", msgpack.ErrTruncated, 0},
		{"a map with room for half its pairs", "82 01 02 03", msgpack.ErrTruncated, 0},
		{"an array that lacks its last element", "92 91 01", msgpack.ErrTruncated, 3},
		{"a length cut in two", "da 00", msgpack.ErrTruncated, 0},
		{"a second value", "01 02", msgpack.ErrTrailing, 1},
		{"bytes behind an array", "91 01 c0", msgpack.ErrTrailing, 2},
		{"the reserved byte", "91 c1", msgpack.ErrReserved, 1},
		{"an extension of a user's own", "d4 05 00", msgpack.ErrExtension, 0},
		{"the library's interned string", "d4 80 00", msgpack.ErrExtension, 0},
		{"a timestamp of one byte", "d4 ff 00", msgpack.ErrExtension, 0},
		{"a timestamp of nine bytes", "c7 09 ff 00 00 00 00 00 00 00 00 00", msgpack.ErrExtension, 0},
		{"a timestamp cut short", "d7 ff 00 00", msgpack.ErrTruncated, 0},
		{"an extension without a type", "d6", msgpack.ErrTruncated, 0},
		{"an array as a key", "81 90 01", msgpack.ErrMapKey, 1},
		{"a map as the second key", "82 01 02 80 03", msgpack.ErrMapKey, 3},
		{"a map as a key in a map as a value", "81 01 81 80 01", msgpack.ErrMapKey, 3},
	} {
		err := msgpack.Scan(unhex(t, test.data))
		var syntax *msgpack.SyntaxError
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
		if err := msgpack.Scan(unhex(t, data)); err != nil {
			t.Errorf("Scan(%s) = %v, want it to pass", data, err)
		}
	}
}

func TestTheGuardAllowsTheLimitsAndNothingBeyond(t *testing.T) {
	nested := func(depth int) []byte {
		return append(bytes.Repeat([]byte{0x91}, depth), 0xc0)
	}
	if err := msgpack.Scan(nested(msgpack.MaxDepth)); err != nil {
		t.Errorf("arrays %d deep: got %v, want them to pass", msgpack.MaxDepth, err)
	}
	for _, depth := range []int{msgpack.MaxDepth + 1, 10_000, 1_000_000} {
		if err := msgpack.Scan(nested(depth)); !errors.Is(err, msgpack.ErrTooDeep) {
			t.Errorf("arrays %d deep: got %v, want %v", depth, err, msgpack.ErrTooDeep)
		}
	}
	flat := func(n int) []byte {
		return append(msgpack.AppendArrayHeader(nil, n), make([]byte, n)...)
	}
	if err := msgpack.Scan(flat(msgpack.MaxElements)); err != nil {
		t.Errorf("%d elements: got %v, want them to pass", msgpack.MaxElements, err)
	}
	if err := msgpack.Scan(flat(msgpack.MaxElements + 1)); !errors.Is(err, msgpack.ErrTooMany) {
		t.Errorf("%d elements: got %v, want %v", msgpack.MaxElements+1, err, msgpack.ErrTooMany)
	}
}

func TestTheGuardCountsTheElementsOfAnArray(t *testing.T) {
	if n, err := msgpack.ScanArray(unhex(t, "93 01 91 02 03")); n != 3 || err != nil {
		t.Errorf("got %d, %v; want 3 elements", n, err)
	}
	if n, err := msgpack.ScanArray(unhex(t, "90")); n != 0 || err != nil {
		t.Errorf("got %d, %v; want no elements", n, err)
	}
	for data, want := range map[string]error{"80": msgpack.ErrNotArray, "c0": msgpack.ErrNotArray, "91": msgpack.ErrTruncated, "90 90": msgpack.ErrTrailing} {
		if _, err := msgpack.ScanArray(unhex(t, data)); !errors.Is(err, want) {
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
	data := unhex(t, "82 a1 61 95 01 a3 74 77 6f cb 40 08 00 00 00 00 00 00 c0 c4 04 66 6f 75 72 a1 62 81 a1 63 05")
	if n := allocations(100, func() {
		if err := msgpack.Scan(data); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("got %v allocations a scan, want none", n)
	}
}
