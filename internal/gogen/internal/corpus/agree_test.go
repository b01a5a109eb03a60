package corpus

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/codec"
	"github.com/helium-rpc/helium/rpcclient"
)

// reading is one type's generated function beside reflection.
type reading struct {
	name string
	both func(data []byte) (generated, reflected any, generatedErr, reflectedErr error, left [2]int)
}

func readingOf[T any](read func(*rpcclient.Reader, *T) error) reading {
	return reading{fmt.Sprintf("%T", *new(T)), func(data []byte) (any, any, error, error, [2]int) {
		var a, b T
		r, s := codec.NewReader(data), codec.NewReader(data)
		errA, errB := read(&r, &a), s.Value(&b)
		return a, b, errA, errB, [2]int{r.Len(), s.Len()}
	}}
}

var readings = []reading{
	readingOf(readEchoOrder), readingOf(readEchoOmits), readingOf(readEchoEmbeds), readingOf(readEchoAliased), readingOf(readEchoHolder),
	readingOf(readEchoShadows), readingOf(readEchoHides), readingOf(readEchoForcesInline), readingOf(readEchoKeepsWhole), readingOf(readEchoOmitsAll),
	readingOf(readEchoNothing), readingOf(readEchoIndex), readingOf(readEchoListOfListOfInt32), readingOf(readEchoOptionalOrder), readingOf(readEchoTags),
}

func FuzzGeneratedCodeReadsWhatReflectionReads(f *testing.F) {
	temp := Celsius(-1)
	for _, v := range []any{
		Order{ID: "o", Placed: time.Unix(1, 0), Lines: []Line{{SKU: "s", Grid: [][]uint16{{1}}}}, Gift: &Line{}, Customer: Customer{Temp: &temp, Index: Index{"a": 1}}},
		Omits{Text: "t", Point: &Point{}, Any: "x", List: []string{"l"}}, Embeds{Name: "n"}, Holder{Tree: Tree{"a": nil}}, Tags{"a", "b"},
		[][]int32{{1}, nil}, map[string]any{"old": 1, "new": nil, "more": []any{1.5}}, nil, map[any]any{nil: 1, true: 2}, Shadows{ID: 1},
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
			generated, reflected, errA, errB, left := r.both(data)
			switch {
			case (errA == nil) != (errB == nil):
				t.Errorf("%x as %s: generated code fails with %v, want %v", data, r.name, errA, errB)
			case errA != nil:
			case left[0] != left[1]:
				t.Errorf("%x as %s: generated code leaves %d bytes, want %d", data, r.name, left[0], left[1])
			case !reflect.DeepEqual(generated, reflected) && !holdsNaN(reflected):
				t.Errorf("%x as %s: generated code reads %+v, want %+v", data, r.name, generated, reflected)
			}
		}
	})
}

// holdsNaN reports a value that may not be equal to itself: JSON has no NaN.
func holdsNaN(v any) bool {
	_, err := json.Marshal(v)
	return err != nil
}
