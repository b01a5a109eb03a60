package codec_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/msgpack"
)

type point struct {
	X float64 `msgpack:"x" json:"ignored"`
	Y float64 `json:"y,omitempty"`
}

type Base struct {
	ID   int
	Kind string `json:"kind"`
}

type Extra struct{ Note *string }

type shapes struct {
	Base
	*Extra
	Bool   bool
	I8     int8
	U16    uint16
	F32    float32
	Text   string
	Bytes  []byte
	Hash   [4]byte
	Pair   [2]int
	Points []point
	ByName map[string]*point
	ByCode map[int8][]string
	ByBool map[bool]uint8
	ByHash map[[2]byte]float32
	At     time.Time
	For    time.Duration
	Ptr    **int
	Any    any
	Err    error
	Hidden chan int          `json:"-"`
	Empty  map[string]string `msgpack:",omitempty"`
	Tree   *tree
}

func ptr[T any](v T) *T { return &v }

// roundTrip appends v, scans what came out and reads it into a fresh value of v's type.
func roundTrip(t testing.TB, v any) any {
	t.Helper()
	prefix := []byte("prefix")
	b, err := appendValue(prefix, v)
	if err != nil {
		t.Fatalf("AppendValue(%+v): %v", v, err)
	}
	data := b[len(prefix):]
	if err := msgpack.Scan(data); err != nil {
		t.Fatalf("Scan of %+v: %v", v, err)
	}
	reflected, err := appendReflect(nil, reflect.ValueOf(v))
	if err != nil || len(reflected) != len(data) {
		t.Fatalf("AppendReflect(%+v): got %x, %v; want the %d bytes of AppendValue, %x", v, reflected, err, len(data), data)
	}
	p := reflect.New(reflect.TypeOf(v))
	r := codec.NewReader(data)
	if err := r.Value(p.Interface()); err != nil || r.Len() != 0 {
		t.Fatalf("Value of %+v: got %v and %d bytes left, want all read", v, err, r.Len())
	}
	return p.Elem().Interface()
}

func TestWhatIsAppendedReadsBackEqual(t *testing.T) {
	pi := 3
	full := shapes{
		Base: Base{ID: -7, Kind: "base"}, Extra: &Extra{Note: ptr("note")},
		Bool: true, I8: -128, U16: 65535, F32: 0.1, Text: "grüße\xff", Bytes: []byte{0, 1}, Hash: [4]byte{1, 2, 3, 4},
		Pair: [2]int{1, -2}, Points: []point{{1, 2}, {X: 3}}, ByName: map[string]*point{"a": {1, 2}, "nil": nil},
		ByCode: map[int8][]string{-1: {"x"}, 2: nil, 3: {}}, ByBool: map[bool]uint8{true: 1}, ByHash: map[[2]byte]float32{{1, 2}: 3},
		At: time.Date(2024, 2, 29, 1, 2, 3, 4, time.UTC), For: time.Minute, Ptr: ptr(&pi),
		Any:  map[string]any{"i": int64(1), "u": uint64(math.MaxUint64), "f": 1.5, "s": "x", "b": []byte{1}, "l": []any{nil, true}, "t": time.Unix(1, 2).UTC()},
		Err:  errors.New("boom"),
		Tree: &tree{Name: "root", Children: []tree{{Name: "leaf", ByName: map[string]tree{"x": {}}}}},
	}
	for _, v := range []any{
		true, 1, int8(-1), uint64(math.MaxUint64), float32(1.5), math.Inf(-1), "", "text", strings.Repeat("x", 70_000), []byte{}, []byte("b"), [3]byte{1},
		time.Unix(0, 0).UTC(), time.Time{}, time.Unix(1<<35, 999_999_999).UTC(), time.Unix(-1, 1).UTC(), time.Hour,
		[]float64{1, 2}, []float64(nil), []int{1}, []int64{-1}, []string{"a"}, []string{}, []bool{true}, make([]int, 70_000), [][]int{{1}, nil, {}},
		map[string]string{"a": "b"}, map[string]string(nil), map[string]any{}, map[float64]string{0.5: "x"}, map[any]any{int64(1): "x", "y": true},
		[]any{int64(1), nil, "x", []any{}}, point{1, 2}, ptr(point{1, 2}), (*point)(nil), struct{}{}, []struct{}{{}, {}}, [0]int{},
		shapes{}, full, map[time.Time]int{time.Unix(5, 0).UTC(): 1},
	} {
		if got := roundTrip(t, v); !reflect.DeepEqual(got, v) {
			t.Errorf("%T: got %+v, want %+v", v, got, v)
		}
	}
}

func TestWhatIsReadReplacesWhatWasThere(t *testing.T) {
	type box struct {
		L []int
		M map[string]int
		P *int
	}
	old := box{L: []int{7, 8, 9}, M: map[string]int{"old": 1}, P: ptr(1)}
	got := old
	b, err := appendValue(nil, box{L: []int{1}, M: map[string]int{"new": 2}, P: ptr(2)})
	if err != nil {
		t.Fatal(err)
	}
	r := codec.NewReader(b)
	if err := r.Value(&got); err != nil || !reflect.DeepEqual(got, box{[]int{1}, map[string]int{"new": 2}, ptr(2)}) {
		t.Errorf("got %+v, %v; want only what was sent", got, err)
	}
	if !reflect.DeepEqual(old, box{[]int{7, 8, 9}, map[string]int{"old": 1}, ptr(1)}) {
		t.Errorf("what was there before changed to %+v; it may be in use elsewhere", old)
	}
}

func TestErrorsNameThePath(t *testing.T) {
	type person struct {
		Age  int8 `json:"age"`
		Home *point
	}
	type team struct {
		People []person          `json:"people"`
		ByName map[string]person `json:"byName"`
		ByID   map[int]*person
		Three  [3]int
	}
	age := func(v any) map[string]any { return map[string]any{"age": v} }
	for _, test := range []struct {
		v      any
		target any
		want   string
	}{
		{age(300), new(person), `field "age": 300 is out of range of int8`},
		{age(nil), new(person), `field "age": got nil, want a number`},
		{map[string]any{"people": []any{age(1), age(2.5)}}, new(team), `field "people[1].age": 2.5 is no integer and doesn't fit int8`},
		{map[string]any{"byName": map[string]any{"bob": age("old")}}, new(team), `field "byName[\"bob\"].age": got a string, want a number`},
		{map[string]any{"ByID": map[int]any{5: age(-129)}}, new(team), `field "ByID[5].age": -129 is out of range of int8`},
		{map[string]any{"ByID": map[string]any{"x": 1}}, new(team), `field "ByID[key]": got a string, want a number`},
		{map[string]any{"Three": []int{1, 2}}, new(team), `field "Three": got 2 elements, want 3`},
		{map[string]any{"Home": map[string]any{"x": true}}, new(person), `field "Home.x": got a bool, want a number`},
		{[]any{1, "x"}, new([]int), `element [1]: got a string, want a number`},
		{[]any{}, new(map[string]int), `got an array, want a map`},
		{1, new(fmt.Stringer), `nothing tells which type to make for the interface fmt.Stringer; use a concrete type or any`},
		{"yesterday", new(time.Time), `"yesterday" is no time; write it as in RFC 3339, such as 2006-01-02T15:04:05Z`},
	} {
		b, err := appendValue(nil, test.v)
		if err != nil {
			t.Fatal(err)
		}
		r := codec.NewReader(b)
		if err := r.Value(test.target); err == nil || err.Error() != test.want {
			t.Errorf("%v into %T:\n got %v\nwant %s", test.v, test.target, err, test.want)
		}
		if r.Offset() != 0 {
			t.Errorf("%v into %T: the Reader stepped to %d, want it to stay", test.v, test.target, r.Offset())
		}
	}
}

func TestNilOnlyFitsWhatCanBeNil(t *testing.T) {
	for _, target := range []any{new(bool), new(int), new(uint8), new(float64), new(float32), new(string), new(point), new(time.Time), new([2]int), new([2]byte), new(time.Duration)} {
		r := codec.NewReader([]byte{0xc0})
		if err := r.Value(target); err == nil {
			t.Errorf("nil into %T passed, want an error", target)
		}
	}
	for _, target := range []any{ptr([]int{1}), ptr([]byte{1}), ptr(map[string]int{"a": 1}), ptr(ptr(1)), ptr(any(1)), ptr(errors.New("x")), ptr([]string{"x"})} {
		r := codec.NewReader([]byte{0xc0})
		if err := r.Value(target); err != nil || !reflect.ValueOf(target).Elem().IsZero() {
			t.Errorf("nil into %T: got %v, %v; want nil", target, reflect.ValueOf(target).Elem(), err)
		}
	}
	// What omitempty may leave out may also be null.
	b, err := appendValue(nil, map[string]any{"x": 1, "y": nil})
	if err != nil {
		t.Fatal(err)
	}
	r := codec.NewReader(b)
	if err := r.Value(new(point)); err != nil {
		t.Errorf("nil into a field with omitempty: got %v, want its zero value", err)
	}
}

func TestReadingNeedsAPointer(t *testing.T) {
	for _, target := range []any{nil, 1, point{}, (*int)(nil), (*point)(nil), (*float64)(nil)} {
		r := codec.NewReader([]byte{0x01})
		if err := r.Value(target); err == nil || !strings.Contains(err.Error(), "pass a pointer") {
			t.Errorf("into %#v: got %v, want a hint to pass a pointer", target, err)
		}
	}
	r := codec.NewReader([]byte{0x01})
	if err := r.ReflectValue(reflect.ValueOf(1)); err == nil {
		t.Error("a reflect.Value that can't be set passed, want an error")
	}
}

func TestEntriesOfAMapDoNotLeakIntoEachOther(t *testing.T) {
	want := make(map[string]point)
	for i := range 20 {
		want[fmt.Sprint(i)] = point{X: float64(i), Y: float64(i % 2)} // every other Y is left out
	}
	if got := roundTrip(t, want); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestAnArrayHasExactlyItsLength(t *testing.T) {
	for _, v := range []any{[]byte{1, 2, 3}, []byte{1, 2, 3, 4, 5}, []int{1, 2, 3}, []int{1, 2, 3, 4, 5}} {
		b, err := appendValue(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		for _, target := range []any{new([4]byte), new([4]int)} {
			r := codec.NewReader(b)
			if err := r.Value(target); err == nil {
				t.Errorf("%v into %T passed as %v, want an error", v, target, target)
			}
		}
	}
}

func TestAMapWhoseKeysAreNotAllTextKeepsThemAll(t *testing.T) {
	data := unhex(t, "84 a1 61 01 02 03 c4 01 62 04 c0 05")
	var got any
	r := codec.NewReader(data)
	want := map[any]any{"a": int64(1), int64(2): int64(3), "b": int64(4), nil: int64(5)}
	if err := r.Value(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	var typed map[any]int
	r = codec.NewReader(data)
	if want := (map[any]int{"a": 1, int64(2): 3, "b": 4, nil: 5}); r.Value(&typed) != nil || !reflect.DeepEqual(typed, want) {
		t.Errorf("got %v, want %v", typed, want)
	}
}

func TestManyGoroutinesMayMeetATypeAtOnce(t *testing.T) {
	type node struct {
		Next *node
		Side map[string][]node
	}
	want := node{&node{}, map[string][]node{"a": {{}, {}}}}
	done := make(chan error)
	const goroutines = 8
	for range goroutines {
		go func() {
			b, err := appendValue(nil, want)
			if err == nil {
				var got node
				r := codec.NewReader(b)
				if err = r.Value(&got); err == nil && !reflect.DeepEqual(got, want) {
					err = fmt.Errorf("got %+v, want %+v", got, want)
				}
			}
			done <- err
		}()
	}
	for range goroutines {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestAMapOfManyEntriesReadsBack(t *testing.T) {
	want := make(map[int32]bool)
	for i := range int32(70_000) {
		want[i] = i%2 == 0
	}
	if got := roundTrip(t, want); !reflect.DeepEqual(got, want) {
		t.Errorf("got %d entries, want %d", len(got.(map[int32]bool)), len(want))
	}
}
