package codec_test

import (
	"testing"

	library "github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

type order struct {
	ID    int64             `msgpack:"id"`
	User  string            `msgpack:"user"`
	Lines []line            `msgpack:"lines"`
	Tags  map[string]string `msgpack:"tags"`
}

type line struct {
	Product string  `msgpack:"product"`
	Count   int32   `msgpack:"count"`
	Price   float64 `msgpack:"price"`
}

var anOrder = order{ID: 12345, User: "alice", Lines: []line{{"apple", 3, 1.25}, {"pear", 1, 2.5}, {"plum", 12, 0.1}}, Tags: map[string]string{"k": "v", "x": "y"}}

func must[T any](b *testing.B) func(T, error) T {
	return func(v T, err error) T {
		if err != nil {
			b.Fatal(err)
		}
		return v
	}
}

func BenchmarkScan(b *testing.B) {
	floats := msgpack.AppendFloat64(msgpack.AppendFloat64(msgpack.AppendArrayHeader(nil, 2), 2), 3)
	nested := must[[]byte](b)(appendValue(nil, anOrder))
	for name, data := range map[string][]byte{"two floats": floats, "nested struct": nested} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if err := msgpack.Scan(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkTwoFloats(b *testing.B) {
	var w codec.Writer
	data := msgpack.AppendFloat64(msgpack.AppendFloat64(msgpack.AppendArrayHeader(nil, 2), 2), 3)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			w.Reset()
			w.ArrayHeader(2)
			w.Float64(2)
			w.Float64(3)
		}
	})
	b.Run("append values", func(b *testing.B) {
		args := []any{2.0, 3.0}
		b.ReportAllocs()
		for b.Loop() {
			w.Reset()
			w.ArrayHeader(2)
			for _, arg := range args {
				w.Value(arg)
			}
		}
	})
	b.Run("append by the library", func(b *testing.B) {
		args := []any{2.0, 3.0}
		b.ReportAllocs()
		for b.Loop() {
			must[[]byte](b)(library.Marshal(args))
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r := codec.NewReader(data)
			must[int](b)(r.ArrayHeader())
			must[float64](b)(r.Float64())
			must[float64](b)(r.Float64())
		}
	})
	b.Run("read by the library", func(b *testing.B) {
		var args [2]float64
		b.ReportAllocs()
		for b.Loop() {
			if err := library.Unmarshal(data, &args); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkNestedStruct(b *testing.B) {
	data := must[[]byte](b)(appendValue(nil, anOrder))
	b.Run("append", func(b *testing.B) {
		var w codec.Writer
		b.ReportAllocs()
		for b.Loop() {
			w.Reset()
			w.Value(&anOrder)
		}
	})
	b.Run("append by the library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			must[[]byte](b)(library.Marshal(&anOrder))
		}
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v order
			r := codec.NewReader(data)
			if err := r.Value(&v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read by the library", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var v order
			if err := library.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}
