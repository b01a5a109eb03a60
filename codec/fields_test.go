package codec_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/helium-rpc/helium/codec"
)

func TestAStructHasTheFieldsOfItsTags(t *testing.T) {
	type Shadow struct {
		ID    int
		Other string
	}
	for _, test := range []struct {
		v    any
		want map[string]any
	}{
		{point{X: 1}, map[string]any{"x": 1.0}},
		{point{X: 1, Y: 2}, map[string]any{"x": 1.0, "y": 2.0}},
		{struct {
			Base
			Name string
		}{Base{1, "k"}, "n"}, map[string]any{"ID": int64(1), "kind": "k", "Name": "n"}},
		{struct {
			Base `msgpack:",noinline"`
		}{Base{1, "k"}}, map[string]any{"Base": map[string]any{"ID": int64(1), "kind": "k"}}},
		{struct {
			ID int
			Shadow
		}{1, Shadow{2, "o"}}, map[string]any{"ID": int64(1), "Other": "o"}},
		{struct {
			ID     int
			Shadow `msgpack:"named,inline"`
		}{1, Shadow{2, "o"}}, map[string]any{"ID": int64(1), "Other": "o"}},
		{struct{ *Extra }{}, map[string]any{}},
		{struct {
			At time.Time `json:"at,omitempty"`
			P  *int      `json:"p,omitempty"`
			S  []int     `json:",omitempty"`
			B  point     `json:",omitempty"`
			N  int       `json:",string"`
		}{S: []int{}}, map[string]any{"at": time.Time{}, "B": map[string]any{"x": 0.0}, "N": "0"}},
	} {
		b, err := appendValue(nil, test.v)
		if err != nil {
			t.Errorf("%T: %v", test.v, err)
			continue
		}
		var got any
		r := codec.NewReader(b)
		if err := r.Value(&got); err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%T: got %v, %v; want %v", test.v, got, err, test.want)
		}
	}
}

func TestAStructOfManyFieldsMayLeaveSomeOut(t *testing.T) {
	fields := make([]reflect.StructField, 20)
	for i := range fields {
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int](), Tag: `json:",omitempty"`}
	}
	v := reflect.New(reflect.StructOf(fields)).Elem()
	v.Field(3).SetInt(4)
	v.Field(19).SetInt(5)
	if got := roundTrip(t, v.Interface()); got != v.Interface() {
		t.Errorf("got %+v, want %+v", got, v)
	}
}

func TestFieldsThatAreNotKnownAreSkippedAndMissingOnesAreZero(t *testing.T) {
	b, err := appendValue(nil, map[string]any{"x": 1, "new": []any{map[string]any{"a": 1}}, "z": nil})
	if err != nil {
		t.Fatal(err)
	}
	got := point{X: 8, Y: 9}
	r := codec.NewReader(b)
	if err := r.Value(&got); err != nil || got != (point{X: 1}) {
		t.Errorf("got %v, %v; want {1 0}", got, err)
	}
}

// Ouroboros embeds itself.
type Ouroboros struct {
	*Ouroboros
	N int
}

func TestAStructThatEmbedsItselfIsAFieldOfItself(t *testing.T) {
	want := Ouroboros{&Ouroboros{nil, 2}, 1}
	if got := roundTrip(t, want); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAFieldIsReadUnderItsAlias(t *testing.T) {
	type renamed struct {
		_msgpack struct{} `msgpack:",omitempty"`
		Name     string   `msgpack:"name,alias:title"`
	}
	for _, key := range []string{"name", "title"} {
		b, err := appendValue(nil, map[string]string{key: "x"})
		if err != nil {
			t.Fatal(err)
		}
		var got renamed
		r := codec.NewReader(b)
		if err := r.Value(&got); err != nil || got.Name != "x" {
			t.Errorf("under %q: got %+v, %v; want x", key, got, err)
		}
	}
	if b, err := appendValue(nil, renamed{}); err != nil || len(b) != 1 {
		t.Errorf("omitempty for all fields: got % x, %v; want an empty map", b, err)
	}
	_ = renamed{}._msgpack
}
