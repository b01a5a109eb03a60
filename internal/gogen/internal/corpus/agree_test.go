package corpus

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
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
	readingOf(readEchoOrder), readingOf(readEchoOmits), readingOf(readEchoEmbeds), readingOf(readEchoAliased), readingOf(readEchoHolder),
	readingOf(readEchoShadows), readingOf(readEchoHides), readingOf(readEchoForcesInline), readingOf(readEchoKeepsWhole), readingOf(readEchoOmitsAll),
	readingOf(readEchoNothing), readingOf(readEchoIndex), readingOf(readEchoListOfListOfInt32), readingOf(readEchoOptionalOrder), readingOf(readEchoTags),
	readingOf(readEchoDated), readingOf(readEchoDatedAgain), readingOf(readEchoJSONTags), readingOf(readEchoOmitsZero),
}

func FuzzGeneratedCodeReadsWhatReflectionReads(f *testing.F) {
	temp := Celsius(-1)
	for _, v := range []any{
		Order{ID: "o", Placed: time.Unix(1, 0), Lines: []Line{{SKU: "s", Grid: [][]uint16{{1}}}}, Gift: &Line{}, Customer: Customer{Temp: &temp, Index: Index{"a": 1}}},
		Omits{Text: "t", Point: &Point{}, Any: "x", List: []string{"l"}}, Embeds{Name: "n"}, Holder{Tree: Tree{"a": nil}}, Tags{"a", "b"},
		[][]int32{{1}, nil}, map[string]any{"old": 1, "new": nil, "more": []any{1.5}}, nil, map[any]any{nil: 1, true: 2}, Shadows{ID: 1},
		Dated{Note: "n"}, DatedAgain{Note: "n"}, JSONTags{Raw: json.RawMessage(`[{"a":1}]`), Hand: []Suit{1}, Count: map[Suit]int{2: 3}}, OmitsZero{Count: 1}, OmitsZero{At: time.Unix(1, 0)},
		map[string]any{"A": 1.0, "B": nil, "C": []byte("c")},
	} {
		data, err := codec.AppendValue(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if codec.Scan(data) != nil || len(data) > 16<<10 {
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
