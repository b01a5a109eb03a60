package codec_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	library "github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/vectors"
)

// addSeeds adds the vectors, honest values and bombs.
func addSeeds(f *testing.F) {
	v := readVectors(f)
	var all []string
	for _, v := range append(v.Values, v.Reads...) {
		all = append(all, v.Hex)
	}
	for _, v := range v.Misfits {
		all = append(all, v.Hex)
	}
	for _, v := range v.Rejects {
		all = append(all, v.Hex)
	}
	all = append(all, "dcffffdcffffdcffff", "df0000000181", "c70cff", "82a1499301ff02a24944a178", "81a4547265658164f0")
	for _, text := range all {
		f.Add(vectors.Hex(f, text))
	}
	for _, v := range []any{shapes{}, shapes{Points: []point{{1, 2}}, Any: []any{1, "x"}, At: time.Unix(1, 1)}, tree{Children: []tree{{}}}, []celsius{{1}}} {
		data, err := appendValue(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzScan(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		err := msgpack.Scan(data)
		r := codec.NewReader(data)
		if skipErr := r.Skip(); (err == nil) != (skipErr == nil && r.Len() == 0) {
			t.Errorf("Scan: %v, but Skip: %v with %d bytes left", err, skipErr, r.Len())
		}
		if err != nil {
			return
		}
		if n := allocations(1, func() { _ = msgpack.Scan(data) }); n != 0 {
			t.Errorf("got %v allocations, want none", n)
		}
		// What passes, the library decodes too; it must be told that keys of maps
		// needn't be text.
		dec := library.NewDecoder(bytes.NewReader(data))
		dec.UseLooseInterfaceDecoding(true)
		dec.SetMapDecoder(func(d *library.Decoder) (any, error) { return d.DecodeUntypedMap() })
		if _, err := dec.DecodeInterfaceLoose(); err != nil {
			t.Errorf("Scan passed, the library says: %v", err)
		}
		var v any
		r = codec.NewReader(data)
		if err := r.Value(&v); err != nil || r.Len() != 0 {
			t.Errorf("Scan passed, Value says: %v, with %d bytes left", err, r.Len())
		}
		again, err := appendValue(nil, v)
		if err != nil {
			// Data may lie a little deeper than what is sent.
			if msgpack.Scan(append(bytes.Repeat([]byte{0x91}, 4), data...)) == nil {
				t.Errorf("%#v was read and can't be sent: %v", v, err)
			}
			return
		}
		var w any
		r = codec.NewReader(again)
		if err := r.Value(&w); err != nil || !equal(v, w) {
			t.Errorf("got %#v, %v; want %#v again", w, err, v)
		}
	})
}

// equal is reflect.DeepEqual where NaN equals NaN. Keys that are NaN are only counted.
func equal(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && (a == b || math.IsNaN(a) && math.IsNaN(b))
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if !equal(a[k], b[k]) {
				return false
			}
		}
		return true
	case map[any]any:
		b, ok := b.(map[any]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if k == k && !equal(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}

// targets are the types that hostile bytes are decoded into.
func targets() []any {
	return []any{
		new(any), new(shapes), new(tree), new([]tree), new(ring), new([]int8), new([][][]float32), new(map[string]uint16), new(map[any]any),
		new(map[int]map[string][]string), new([3]*point), new(**[]struct{}), new(celsius), new(map[half]pair), new(string), new([]byte), new([4]byte),
		new(time.Time), new(selfSlice), new(selfMap), new(selfPointer), new([][512]int64), new(error), new(bool), new(uint8), new(float32),
		new(json.RawMessage), new([]json.Number), new(map[string]*big.Int), new(slog.Level), new([]Dated), new([]struct {
			N *int64  `json:",string,omitempty"`
			F float32 `json:",string"`
			T string  `json:",string"`
		}),
	}
}

func FuzzDecode(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, target := range targets() {
			var r codec.Reader
			var err error
			decode := func() { r = codec.NewReader(data); err = r.Value(target) }
			if got := allocated(decode); got > uint64(16<<20+1000*len(data)) {
				t.Errorf("%d bytes into %T allocated %d bytes", len(data), target, got)
			}
			if err != nil && r.Offset() != 0 {
				t.Errorf("into %T: failed with %v and stepped to %d", target, err, r.Offset())
			}
			if err == nil {
				if err := msgpack.Scan(data[:r.Offset()]); err != nil {
					t.Errorf("%T was read from what Scan refuses: %v", target, err)
				}
				if b, err := appendReflect(nil, reflect.ValueOf(target).Elem()); err == nil {
					if err := msgpack.Scan(b); err != nil {
						t.Errorf("%T was appended as what Scan refuses: %v", target, err)
					}
				}
			}
		}
	})
}

func FuzzReader(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		for name, read := range reads {
			r := codec.NewReader(data)
			for r.Len() > 0 {
				before := r.Offset()
				err := read(&r)
				if err != nil && r.Offset() != before || err == nil && r.Offset() <= before || r.Offset() > len(data) {
					t.Fatalf("%s: %v; stepped from %d to %d of %d", name, err, before, r.Offset(), len(data))
				}
				if err != nil {
					break
				}
			}
		}
	})
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(int64(-1), uint64(math.MaxUint64), 0.5, "text", []byte("bytes"), true)
	f.Add(int64(math.MinInt64), uint64(0), math.NaN(), "", []byte(nil), false)
	f.Fuzz(func(t *testing.T, i int64, u uint64, x float64, s string, b []byte, ok bool) {
		type inner struct {
			I8 int8
			F  float32 `json:",omitempty"`
			M  map[string]int16
		}
		type outer struct {
			I int64
			U uint64
			S []string
			B []byte `json:"b,omitempty"`
			P *bool
			N []inner
			T time.Time
			A any
		}
		if math.IsNaN(x) {
			x = 0
		}
		if len(b) == 0 {
			b = nil
		}
		want := outer{I: i, U: u, S: []string{s, ""}, B: b, N: []inner{{I8: int8(i), F: float32(x), M: map[string]int16{s: int16(u)}}},
			T: time.Unix(i%(1<<40), int64(u%1e9)).UTC(), A: []any{i, x, s, ok, nil, map[string]any{s: x}}}
		if ok {
			want.P = &ok
		}
		if got := roundTrip(t, want); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}
