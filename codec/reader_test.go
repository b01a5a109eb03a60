package codec_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

func TestAReaderStepsOverValuesOneByOne(t *testing.T) {
	b := msgpack.AppendNil(nil)
	b = msgpack.AppendBool(b, true)
	b = msgpack.AppendInt(b, -5)
	b = msgpack.AppendUint(b, 300)
	b = msgpack.AppendFloat64(b, 1.5)
	b = msgpack.AppendFloat32(b, 2.5)
	b = msgpack.AppendString(b, "text")
	b = msgpack.AppendBytes(b, []byte("own"))
	b = msgpack.AppendBytes(b, []byte("ref"))
	b = msgpack.AppendTime(b, time.Unix(1, 2))
	b = msgpack.AppendArrayHeader(b, 1)
	b = msgpack.AppendMapHeader(b, 1)
	b = msgpack.AppendString(b, "skip")
	b = msgpack.AppendArrayHeader(b, 0)
	b = msgpack.AppendArrayHeader(b, 2)
	raw := len(b) - 1
	b = msgpack.AppendInt(msgpack.AppendInt(b, 1), 2)

	r := codec.NewReader(b)
	if r.Nil() != true || r.Nil() != false {
		t.Error("Nil must step over one nil and nothing else")
	}
	check := func(what string, got, want any, err error) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v; want %v", what, got, err, want)
		}
	}
	truth, err := r.Bool()
	check("Bool", truth, true, err)
	i, err := r.Int(8)
	check("Int", i, int64(-5), err)
	u, err := r.Uint(16)
	check("Uint", u, uint64(300), err)
	f, err := r.Float64()
	check("Float64", f, 1.5, err)
	f32, err := r.Float32()
	check("Float32", f32, float32(2.5), err)
	s, err := r.String()
	check("String", s, "text", err)
	own, err := r.Bytes()
	check("Bytes", own, []byte("own"), err)
	ref, err := r.BytesRef()
	check("BytesRef", ref, []byte("ref"), err)
	at, err := r.Time()
	check("Time", at, time.Unix(1, 2).UTC(), err)
	n, err := r.ArrayHeader()
	check("ArrayHeader", n, 1, err)
	n, err = r.MapHeader()
	check("MapHeader", n, 1, err)
	check("Skip", nil, nil, errors.Join(r.Skip(), r.Skip()))
	if r.Offset() != raw {
		t.Errorf("Offset: got %d, want %d", r.Offset(), raw)
	}
	rest, err := r.Raw()
	check("Raw", rest, b[raw:], err)
	if r.Len() != 0 {
		t.Errorf("Len: got %d, want nothing left", r.Len())
	}
	if &ref[0] == &own[0] || !bytes.Contains(b, ref) {
		t.Error("BytesRef must share the data")
	}
	ref[0] = 'X'
	if !bytes.Contains(b, []byte("Xef")) {
		t.Error("BytesRef returned a copy, want the data itself")
	}
	own[0] = 'X'
	if bytes.Contains(b, []byte("Xwn")) {
		t.Error("Bytes returned the data itself, want a copy")
	}
	if cap(rest) != len(rest) || cap(ref) != len(ref) {
		t.Error("an append to what a Reader returned would overwrite the data behind it")
	}
}

// reads are all the ways to read one value.
var reads = map[string]func(*codec.Reader) error{
	"Bool":        func(r *codec.Reader) error { _, err := r.Bool(); return err },
	"Int":         func(r *codec.Reader) error { _, err := r.Int(64); return err },
	"Uint":        func(r *codec.Reader) error { _, err := r.Uint(8); return err },
	"Float64":     func(r *codec.Reader) error { _, err := r.Float64(); return err },
	"Float32":     func(r *codec.Reader) error { _, err := r.Float32(); return err },
	"String":      func(r *codec.Reader) error { _, err := r.String(); return err },
	"Bytes":       func(r *codec.Reader) error { _, err := r.Bytes(); return err },
	"BytesRef":    func(r *codec.Reader) error { _, err := r.BytesRef(); return err },
	"Time":        func(r *codec.Reader) error { _, err := r.Time(); return err },
	"ArrayHeader": func(r *codec.Reader) error { _, err := r.ArrayHeader(); return err },
	"MapHeader":   func(r *codec.Reader) error { _, err := r.MapHeader(); return err },
	"Skip":        func(r *codec.Reader) error { return r.Skip() },
	"Raw":         func(r *codec.Reader) error { _, err := r.Raw(); return err },
	"any":         func(r *codec.Reader) error { return r.Value(new(any)) },
	"shapes":      func(r *codec.Reader) error { return r.Value(new(shapes)) },
	"tree":        func(r *codec.Reader) error { return r.Value(new(tree)) },
	"maps":        func(r *codec.Reader) error { return r.Value(new(map[any]map[string][]int8)) },
	"celsius":     func(r *codec.Reader) error { return r.Value(new([]celsius)) },
}

func TestAReadThatFailsDoesNotStep(t *testing.T) {
	full, err := appendValue(nil, []any{1, map[string]any{"ID": 300, "I8": 300}, "x", []byte("y"), 1.5, nil, true, time.Unix(1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(full) {
		for start := range cut + 1 {
			for name, read := range reads {
				r := codec.NewReader(full[start:cut])
				if err := read(&r); err != nil && r.Offset() != 0 {
					t.Errorf("%s of % x: failed with %v and stepped to %d, want it to stay", name, full[start:cut], err, r.Offset())
				}
			}
		}
	}
}

func TestTextAndBytesReadEachOther(t *testing.T) {
	r := codec.NewReader(msgpack.AppendBytes(nil, []byte("b")))
	if s, err := r.String(); s != "b" || err != nil {
		t.Errorf("bytes as text: got %q, %v; want b", s, err)
	}
	r = codec.NewReader(msgpack.AppendString(nil, "s"))
	if b, err := r.Bytes(); string(b) != "s" || err != nil {
		t.Errorf("text as bytes: got %q, %v; want s", b, err)
	}
	r = codec.NewReader(msgpack.AppendString(nil, "2024-02-29T01:02:03.5+01:00"))
	if at, err := r.Time(); err != nil || !at.Equal(time.Date(2024, 2, 29, 0, 2, 3, 5e8, time.UTC)) {
		t.Errorf("text as time: got %v, %v; want the instant it tells", at, err)
	}
}

func TestReadingNumbersAndStepsAllocateNothing(t *testing.T) {
	data := msgpack.AppendFloat64(msgpack.AppendFloat64(msgpack.AppendArrayHeader(nil, 2), 2), 3)
	if n := allocations(100, func() {
		r := codec.NewReader(data)
		_, err1 := r.ArrayHeader()
		a, err2 := r.Float64()
		b, err3 := r.Float64()
		if err1 != nil || err2 != nil || err3 != nil || a+b != 5 {
			t.Error("a call of two floats wasn't read")
		}
	}); n != 0 {
		t.Errorf("got %v allocations a read of two floats, want none", n)
	}
}

func TestLongBytesOfAnOwnedReaderAreNotCopied(t *testing.T) {
	long, short := make([]byte, 20<<10), make([]byte, 1<<10)
	for _, test := range []struct {
		name   string
		value  []byte
		before int // bytes of another value in front
		reader func([]byte) codec.Reader
		shared bool
	}{
		{"long, owned", long, 0, codec.NewOwnedReader, true},
		{"long, not owned", long, 0, codec.NewReader, false},
		{"short, owned", short, 0, codec.NewOwnedReader, false},
		{"long, owned, and little of all", long, 30 << 10, codec.NewOwnedReader, false},
	} {
		data := msgpack.AppendBytes(nil, make([]byte, test.before))
		data = msgpack.AppendBytes(data, test.value)
		data = append(data, 0xc3)
		r := test.reader(data)
		_ = r.Skip()
		got, err := r.Bytes()
		if err != nil || len(got) != len(test.value) {
			t.Fatalf("%s: got %d bytes, %v; want %d", test.name, len(got), err, len(test.value))
		}
		got[0] = 1
		if shared := bytes.IndexByte(data[test.before+3:], 1) >= 0; shared != test.shared {
			t.Errorf("%s: the bytes share the data: %v, want %v", test.name, shared, test.shared)
		}
		if longer := append(got, 0); data[len(data)-1] != 0xc3 {
			t.Errorf("%s: appending to what was read, now %d bytes, changed the data behind it", test.name, len(longer))
		}
	}
}
