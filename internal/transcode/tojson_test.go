package transcode

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/signature"
)

// pack makes the msgpack of Go values in a row.
func pack(t testing.TB, values ...any) []byte {
	t.Helper()
	var w codec.Writer
	for _, v := range values {
		w.Value(v)
	}
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// dict makes a msgpack map of keys and values in a row.
func dict(t testing.TB, keysAndValues ...any) []byte {
	t.Helper()
	return append(msgpack.AppendMapHeader(nil, len(keysAndValues)/2), pack(t, keysAndValues...)...)
}

func TestAResultIsWrittenAsItsTypeSays(t *testing.T) {
	noon := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		packed []byte
		typ    string // "": not known
		want   string
	}{
		{pack(t, nil), "", "null"},
		{pack(t, true), "bool", "true"},
		{pack(t, math.MinInt64), "", "-9223372036854775808"},
		{pack(t, uint64(math.MaxUint64)), "", "18446744073709551615"},
		{pack(t, -33), "int64", "-33"},
		{pack(t, 1<<53+1), "int64", "9007199254740993"},

		{pack(t, 2.0), "float64", "2"},
		{pack(t, 0.1), "float64", "0.1"},
		{pack(t, float32(0.1)), "float32", "0.1"},
		{pack(t, -1e20), "", "-100000000000000000000"},
		{pack(t, 1e21), "", "1e+21"},
		{pack(t, 1e-7), "", "1e-07"},
		{pack(t, math.MaxFloat64), "", "1.7976931348623157e+308"},

		{pack(t, `a"b\c`+"\n\r\t\x00\x1f\x7f"), "string", `"a\"b\\c\n\r\t\u0000\u001f` + "\x7f" + `"`},
		{pack(t, "<é😀>\u2028\u2029"), "", `"<é😀>\u2028\u2029"`},
		{pack(t, "a\xffb\xc3"), "", "\"a\uFFFDb\uFFFD\""},
		{pack(t, []byte("hi")), "string", `"hi"`},

		{pack(t, []byte("hi")), "bytes", `"aGk="`},
		{pack(t, []byte("hi")), "", `"aGk="`},
		{pack(t, "hi"), "bytes", `"aGk="`},
		{pack(t, []byte("hi")), "bytes?", `"aGk="`},

		{pack(t, noon), "time", `"2024-02-29T12:00:00Z"`},
		{pack(t, noon.Add(time.Nanosecond)), "", `"2024-02-29T12:00:00.000000001Z"`},
		{pack(t, time.Time{}), "time", `"0001-01-01T00:00:00Z"`},
		{pack(t, "2024-02-29T12:00:00Z"), "time", `"2024-02-29T12:00:00Z"`},

		{pack(t, 90*time.Minute), "duration", `"1h30m0s"`},
		{pack(t, -1500*time.Microsecond), "duration?", `"-1.5ms"`},
		{pack(t, 1500*time.Nanosecond), "duration", `"1.5µs"`},
		{pack(t, 0), "duration", `"0s"`},
		{pack(t, 1e9), "duration", `"1s"`},
		{pack(t, 1.5), "duration", `1.5`},
		{pack(t, uint64(math.MaxUint64)), "duration", `18446744073709551615`},
		{pack(t, time.Second), "", `1000000000`},
		{pack(t, []time.Duration{time.Second}), "[]duration", `["1s"]`},
		{dict(t, time.Second, time.Minute), "map[duration]duration", `{"1s":"1m0s"}`},
		{dict(t, "every", time.Hour, "n", 5), "{every duration, n int64}", `{"every":"1h0m0s","n":5}`},

		{pack(t, []any{1, "a", nil}), "", `[1,"a",null]`},
		{pack(t, [][]byte{[]byte("hi"), nil}), "[]bytes", `["aGk=",""]`},
		{pack(t, []int(nil)), "[]int64", `[]`},
		{pack(t, []int(nil)), "", `null`},
		{pack(t, []int(nil)), "([]int64)?", `null`},
		{pack(t, nil), "map[string]int64", `{}`},
		{pack(t, nil), "bytes", `""`},
		{pack(t, nil), "Point?", `null`},

		{dict(t, "b", 1, "a", 2), "map[string]int64", `{"b":1,"a":2}`},
		{dict(t, 1, true, -2, false), "map[int64]bool", `{"1":true,"-2":false}`},
		{dict(t, true, 1), "map[bool]int64", `{"true":1}`},
		{dict(t, []byte("hi"), 1), "map[bytes]int64", `{"aGk=":1}`},
		{dict(t, []byte("hi"), 1), "map[string]int64", `{"hi":1}`},
		{dict(t, 1.5, 1, nil, 2, noon, 3, "x", 4), "", `{"1.5":1,"null":2,"2024-02-29T12:00:00Z":3,"x":4}`},
		{dict(t), "", `{}`},

		{dict(t, "y", 2.5, "x", 1.0), "Point", `{"y":2.5,"x":1}`},
		{dict(t, "x", 1.0, "new", []byte("hi")), "Point", `{"x":1,"new":"aGk="}`},
		{dict(t, []byte("x"), 1.0), "Point", `{"x":1}`},
		{dict(t, 7, 1.0), "Point", `{"7":1}`},
		{dict(t, "raw", "hi", "kids", nil), "{kids []Tree, raw bytes}", `{"raw":"aGk=","kids":[]}`},

		// What doesn't fit its type is written as it is.
		{pack(t, "two"), "int64", `"two"`},
		{pack(t, 2), "[]int64", `2`},
		{pack(t, []int{1}), "Point", `[1]`},
	}
	for _, tt := range tests {
		var typ *signature.Type
		if tt.typ != "" {
			typ = typeOf(t, tt.typ)
		}
		got, err := JSON(tt.packed, typ)
		if err != nil {
			t.Errorf("% x as %q: %v, want %s", tt.packed, tt.typ, err, tt.want)
			continue
		}
		if string(got) != tt.want {
			t.Errorf("% x as %q: got %s, want %s", tt.packed, tt.typ, got, tt.want)
		}
		if !json.Valid(got) {
			t.Errorf("% x as %q: %s is no JSON", tt.packed, tt.typ, got)
		}
	}
}

func TestWhatJSONCannotExpressIsRefusedWithItsPlace(t *testing.T) {
	endOfTime := append([]byte{0xc7, 12, 0xff, 0, 0, 0, 0, 0x7f}, bytes.Repeat([]byte{0xff}, 7)...)
	tests := []struct {
		packed []byte
		want   string
	}{
		{pack(t, math.NaN()), "JSON has no number NaN"},
		{pack(t, float32(math.Inf(1))), "JSON has no number +Inf"},
		{pack(t, []any{1, map[string]any{"a b": []any{math.Inf(-1)}}}), `[1]["a b"][0]: JSON has no number -Inf`},
		{dict(t, math.NaN(), 1), "[key]: JSON has no number NaN"},
		{dict(t, 1, "a", "1", "b"), `two keys of the map are "1" in JSON`},
		{dict(t, "\xff", "a", "\xfe", "b"), "two keys of the map are \"\uFFFD\" in JSON"},
		{pack(t, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), "the time lies in the year 10000; RFC 3339 writes the years 0 to 9999 only"},
		{pack(t, []any{time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}), "[0]: the time lies in the year -1; RFC 3339 writes the years 0 to 9999 only"},
		{endOfTime, "the time lies in the year 292277026596; RFC 3339 writes the years 0 to 9999 only"},
	}
	for _, tt := range tests {
		got, err := JSON(tt.packed, nil)
		if err == nil {
			t.Errorf("% x: got %s, want the error %s", tt.packed, got, tt.want)
			continue
		}
		if err.Error() != tt.want {
			t.Errorf("% x:\ngot  %s\nwant %s", tt.packed, err, tt.want)
		}
	}
}

func TestBytesThatAreNoMsgpackAreRefused(t *testing.T) {
	tests := []struct {
		name   string
		packed []byte
		want   error
	}{
		{"nothing", nil, msgpack.ErrTruncated},
		{"a length that lies", []byte{0xdd, 1, 0, 0, 0}, msgpack.ErrTruncated},
		{"two values", []byte{1, 2}, msgpack.ErrTrailing},
		{"the reserved byte", []byte{0xc1}, msgpack.ErrReserved},
		{"a map as a key", []byte{0x81, 0x80, 1}, msgpack.ErrMapKey},
		{"an extension", []byte{0xd4, 5, 0}, msgpack.ErrExtension},
		{"a hundred thousand arrays", bytes.Repeat([]byte{0x91}, 100_000), msgpack.ErrTooDeep},
	}
	for _, tt := range tests {
		if got, err := JSON(tt.packed, nil); !errors.Is(err, tt.want) {
			t.Errorf("JSON of %s: got %s, %v; want the error %v", tt.name, got, err, tt.want)
		}
		if got, err := Named(tt.packed, method(t, "m(a any)")); !errors.Is(err, tt.want) {
			t.Errorf("Named of %s: got % x, %v; want the error %v", tt.name, got, err, tt.want)
		}
	}
}
