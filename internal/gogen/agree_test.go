package gogen_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/internal/msgpack"
)

// outcome is what came of reading a value.
type outcome struct {
	value any
	left  int // bytes
	err   error
}

// reading is one type's generated function beside reflection.
type reading struct {
	name string
	both func(data []byte) (generated, reflected outcome)
}

func readingOf[T any](read func(*codec.Reader, *T) error) reading {
	return reading{fmt.Sprintf("%T", *new(T)), func(data []byte) (generated, reflected outcome) {
		var a, b T
		r, s := codec.NewReader(data), codec.NewReader(data)
		errA, errB := read(&r, &a), s.Value(&b)
		return outcome{a, r.Len(), errA}, outcome{b, s.Len(), errB}
	}}
}

var readings = []reading{
	readingOf(corpus.ReadOrder), readingOf(corpus.ReadOmits), readingOf(corpus.ReadEmbeds), readingOf(corpus.ReadAliased), readingOf(corpus.ReadHolder),
	readingOf(corpus.ReadShadows), readingOf(corpus.ReadHides), readingOf(corpus.ReadForcesInline), readingOf(corpus.ReadKeepsWhole), readingOf(corpus.ReadOmitsAll),
	readingOf(corpus.ReadNothing), readingOf(corpus.ReadIndex), readingOf(corpus.ReadListOfListOfInt32), readingOf(corpus.ReadOptionalOrder), readingOf(corpus.ReadTags),
	readingOf(corpus.ReadDated), readingOf(corpus.ReadDatedAgain), readingOf(corpus.ReadJSONTags), readingOf(corpus.ReadOmitsZero),
}

func FuzzGeneratedCodeReadsWhatReflectionReads(f *testing.F) {
	temp := corpus.Celsius(-1)
	for _, v := range []any{
		corpus.Order{ID: "o", Placed: time.Unix(1, 0), Lines: []corpus.Line{{SKU: "s", Grid: [][]uint16{{1}}}}, Gift: &corpus.Line{}, Customer: corpus.Customer{Temp: &temp, Index: corpus.Index{"a": 1}}},
		corpus.Omits{Text: "t", Point: &corpus.Point{}, Any: "x", List: []string{"l"}}, corpus.Embeds{Name: "n"}, corpus.Holder{Tree: corpus.Tree{"a": nil}}, corpus.Tags{"a", "b"},
		[][]int32{{1}, nil}, map[string]any{"old": 1, "new": nil, "more": []any{1.5}}, nil, map[any]any{nil: 1, true: 2}, corpus.Shadows{ID: 1},
		corpus.Dated{Note: "n"}, corpus.DatedAgain{Note: "n"}, corpus.JSONTags{Raw: json.RawMessage(`[{"a":1}]`), Hand: []corpus.Suit{1}, Count: map[corpus.Suit]int{2: 3}}, corpus.OmitsZero{Count: 1}, corpus.OmitsZero{At: time.Unix(1, 0)},
		map[string]any{"A": 1.0, "B": nil, "C": []byte("c")},
	} {
		var w codec.Writer
		if w.Value(v); w.Err() != nil {
			f.Fatal(w.Err())
		}
		f.Add(w.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if msgpack.Scan(data) != nil || len(data) > 16<<10 {
			return // never reaches either
		}
		for _, r := range readings {
			got, want := r.both(data)
			switch {
			case (got.err == nil) != (want.err == nil):
				t.Errorf("%x as %s: generated code fails with %v, want %v", data, r.name, got.err, want.err)
			case got.err != nil:
			case got.left != want.left:
				t.Errorf("%x as %s: generated code leaves %d bytes, want %d", data, r.name, got.left, want.left)
			case !reflect.DeepEqual(got.value, want.value) && !holdsNaN(want.value):
				t.Errorf("%x as %s: generated code reads %+v, want %+v", data, r.name, got.value, want.value)
			}
		}
	})
}

// holdsNaN reports a value that may not be equal to itself: JSON has no NaN.
func holdsNaN(v any) bool {
	_, err := json.Marshal(v)
	return err != nil
}
