package codec_test

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// folded is text that travels in lower case.
type folded string

func (f folded) MarshalText() ([]byte, error)  { return []byte(strings.ToLower(string(f))), nil }
func (f *folded) UnmarshalText(b []byte) error { *f = folded(b); return nil }

func TestKeysThatDifferInGoAndNotWhenTheyAreSentAreRefused(t *testing.T) {
	one, otherOne := 1, 1
	moment := time.Unix(1, 0)
	for _, c := range []struct {
		v    any
		want string
	}{
		{map[any]int{int(1): 1, int64(1): 2, uint8(1): 3}, "two keys of the map are 1 when they are sent"},
		{map[any]int{float32(1.5): 1, 1.5: 2}, "are 1.5 when"},
		{map[any]int{"a": 1, [1]byte{'a'}: 2}, `are "a" when`},
		{map[any]int{"a": 1, folded("A"): 2}, `are "a" when`},
		{map[any]int{nil: 1, (*int)(nil): 2}, "are <nil> when"},
		{map[float64]int{math.NaN(): 1, math.Float64frombits(0x7ff8000000000123): 2}, "are NaN when"},
		{map[float32]int{float32(math.NaN()): 1, -float32(math.NaN()): 2}, "are NaN when"},
		{map[folded]int{"A": 1, "a": 2}, `are "a" when`},
		{map[*int]int{&one: 1, &otherOne: 2}, "are 1 when"},
		{map[time.Time]int{moment.UTC(): 1, moment.In(time.FixedZone("z", 60)): 2}, "are 1970-01-01"},
		{map[folded]int{folded(strings.Repeat("A", 1000)): 1, folded(strings.Repeat("a", 1000)): 2}, `a" when`},
	} {
		for _, v := range []any{c.v, []any{c.v}} {
			if b, err := appendValue([]byte("prefix"), v); err == nil || string(b) != "prefix" || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 200 {
				t.Errorf("%v: got % x, %v; want a short error with %q", v, b, err, c.want)
			}
		}
	}
}

func TestKeysThatDifferWhenTheyAreSentTravel(t *testing.T) {
	for _, c := range []struct{ v, want any }{
		{map[any]int{1: 1, 1.0: 2, "1": 3, true: 4}, map[any]any{int64(1): int64(1), 1.0: int64(2), "1": int64(3), true: int64(4)}},
		{map[float64]int{1: 1, 2: 2, math.Inf(1): 3}, map[any]any{1.0: int64(1), 2.0: int64(2), math.Inf(1): int64(3)}},
		{map[folded]int{"A": 1, "b": 2}, map[string]any{"a": int64(1), "b": int64(2)}},
	} {
		if got := received(t, c.v); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v arrived as %v, want %v", c.v, got, c.want)
		}
	}
	if _, err := appendValue(nil, map[float64]int{math.NaN(): 1}); err != nil {
		t.Errorf("one NaN: %v", err)
	}
}
