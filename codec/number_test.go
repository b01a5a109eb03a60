package codec_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

// numbers are written in every Go type and read into every other.
var numbers = []any{
	0, 1, -1, 127, 128, -128, -129, 255, 256, 300, 32767, 32768, -32768, -32769, 65535, 65536,
	math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1, math.MaxUint32, math.MaxUint32 + 1,
	int64(math.MaxInt64), int64(math.MinInt64), uint64(math.MaxInt64) + 1, uint64(math.MaxUint64), 1<<53 + 1,
	0.0, 1.0, -1.0, 2.5, -0.5, 255.0, 256.0, 1e300, -1e300, 9.5e18, 1.9e19, -9.3e18, math.Ldexp(1, 63), math.Ldexp(1, 64), -math.Ldexp(1, 63),
	math.MaxFloat32, 3.5e38, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(),
	float32(1), float32(0.1), float32(math.MaxFloat32), float32(math.Inf(1)),
}

// checkInteger reads v as T, alone and nested, and compares with what arithmetic of
// its own says.
func checkInteger[T int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint](t *testing.T, v any) {
	t.Helper()
	want, fits := T(0), false
	switch v := v.(type) {
	case int:
		want, fits = T(v), int(T(v)) == v && (T(v) < 0) == (v < 0)
	case int64:
		want, fits = T(v), int64(T(v)) == v && (T(v) < 0) == (v < 0)
	case uint64:
		want, fits = T(v), uint64(T(v)) == v && T(v) > 0
	case float32:
		want, fits = integerOf[T](float64(v))
	case float64:
		want, fits = integerOf[T](v)
	}
	data, err := appendValue(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	const untouched = 77
	got := T(untouched)
	r := codec.NewReader(data)
	err = r.Value(&got)
	switch {
	case fits && (err != nil || got != want || r.Len() != 0):
		t.Errorf("%T(%v) into %T: got %v, %v; want %v", v, v, got, got, err, want)
	case !fits && (err == nil || got != untouched || r.Offset() != 0):
		t.Errorf("%T(%v) into %T: got %v, %v at byte %d; want an error, %v left as it was, and no step", v, v, got, got, err, r.Offset(), untouched)
	}
	checkNested(t, "[]*T", data, "91", fits, func(v *[]*T) bool { return *(*v)[0] == want })
	checkNested(t, "[1]*T", data, "91", fits, func(v *[1]*T) bool { return *v[0] == want })
	checkNested(t, "map[string]T", data, "81 a1 6b", fits, func(v *map[string]T) bool { return (*v)["k"] == want })
	checkNested(t, "struct{F T}", data, "81 a1 46", fits, func(v *struct{ F T }) bool { return v.F == want })
	checkNested(t, "struct{F **T}", data, "81 a1 46", fits, func(v *struct{ F **T }) bool { return **v.F == want })
	checkNested(t, "embedded", data, "81 a1 46", fits, func(v *struct{ Embedded[T] }) bool { return v.F == want })
}

// Embedded is embedded in a struct.
type Embedded[T any] struct{ F T }

// checkNested reads a number as part of a V.
func checkNested[V any](t *testing.T, what string, number []byte, around string, fits bool, right func(*V) bool) {
	t.Helper()
	data := append(unhex(t, around), number...)
	var v V
	r := codec.NewReader(data)
	if err := r.Value(&v); (err == nil) != fits || fits && !right(&v) {
		t.Errorf("% x as %s, a %T: got %+v, %v; want it to fit: %v", data, what, v, v, err, fits)
	}
}

// integerOf returns f as a T, and whether it is one.
func integerOf[T int8 | int16 | int32 | int64 | int | uint8 | uint16 | uint32 | uint64 | uint](f float64) (T, bool) {
	if f != math.Trunc(f) || math.IsInf(f, 0) {
		return 0, false
	}
	// Beyond 64 bits Go's conversion may give anything; within, going there and back
	// tells.
	low, high := -math.Ldexp(1, 63), math.Ldexp(1, 63)
	if ^T(0) > 0 {
		low, high = 0, math.Ldexp(1, 64)
	}
	if f < low || f >= high {
		return 0, false
	}
	return T(f), float64(T(f)) == f
}

func TestNumbersOfAnyWidthFitEachOtherAndOutOfRangeIsAnError(t *testing.T) {
	for _, v := range numbers {
		checkInteger[int8](t, v)
		checkInteger[int16](t, v)
		checkInteger[int32](t, v)
		checkInteger[int64](t, v)
		checkInteger[int](t, v)
		checkInteger[uint8](t, v)
		checkInteger[uint16](t, v)
		checkInteger[uint32](t, v)
		checkInteger[uint64](t, v)
		checkInteger[uint](t, v)
	}
}

func TestAFloatReadsAnyNumberRounded(t *testing.T) {
	for _, v := range numbers {
		var want float64
		switch v := v.(type) {
		case int:
			want = float64(v)
		case int64:
			want = float64(v)
		case uint64:
			want = float64(v)
		case float32:
			want = float64(v)
		case float64:
			want = v
		}
		data, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		r := codec.NewReader(data)
		got, err := r.Float64()
		if err != nil || got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("%T(%v) as float64: got %v, %v; want %v", v, v, got, err, want)
		}
		var narrow float32
		r = codec.NewReader(data)
		err = r.Value(&narrow)
		beyond := math.Abs(want) > math.MaxFloat32 && !math.IsInf(want, 0)
		if beyond != (err != nil) {
			t.Errorf("%T(%v) as float32: got %v, %v; want an error: %v", v, v, narrow, err, beyond)
		}
		if !beyond && narrow != float32(want) && !math.IsNaN(want) {
			t.Errorf("%T(%v) as float32: got %v, want %v", v, v, narrow, float32(want))
		}
	}
}

func TestErrorsOfNumbersSayTheNumberAndTheType(t *testing.T) {
	for _, test := range []struct {
		v, target any
		want      string
	}{
		{300, new(int8), "300 is out of range of int8"},
		{-1, new(uint), "-1 is out of range of uint64"},
		{2.5, new(int), "2.5 is no integer and doesn't fit int64"},
		{1e300, new(float32), "1e+300 is out of range of float32"},
		{math.NaN(), new(int16), "NaN is no integer and doesn't fit int16"},
		{math.Inf(1), new(uint8), "+Inf is out of range of uint8"},
		{uint64(math.MaxUint64), new(int64), "18446744073709551615 is out of range of int64"},
		{"7", new(int), "got a string, want a number"},
		{true, new(float64), "got a bool, want a number"},
		{nil, new(int), "got nil, want a number"},
		{1, new(bool), "got an integer, want a bool"},
		{1, new(string), "got an integer, want a string"},
	} {
		data, err := appendValue(nil, test.v)
		if err != nil {
			t.Fatal(err)
		}
		r := codec.NewReader(data)
		if err := r.Value(test.target); err == nil || !strings.Contains(fmt.Sprint(err), test.want) {
			t.Errorf("%v into %T: got %v, want %q", test.v, test.target, err, test.want)
		}
	}
}

func TestNumbersTakeTheShortestForm(t *testing.T) {
	for _, test := range []struct {
		v    any
		size int
	}{
		{0, 1}, {127, 1}, {-32, 1}, {-33, 2}, {128, 2}, {255, 2}, {256, 3}, {-128, 2}, {-129, 3},
		{65535, 3}, {65536, 5}, {-32769, 5}, {math.MaxUint32, 5}, {math.MaxUint32 + 1, 9}, {math.MinInt32 - 1, 9},
		{uint8(7), 1}, {int64(7), 1}, {1.0, 9}, {float32(1), 5},
	} {
		if data, err := appendValue(nil, test.v); err != nil || len(data) != test.size {
			t.Errorf("%T(%v): got %d bytes, %v; want %d", test.v, test.v, len(data), err, test.size)
		}
	}
}
