package codec_test

import (
	"reflect"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

// folder has parts of every kind, none of which need be named.
type folder struct {
	Name   string             `json:",omitempty"`
	Point  point              `json:",omitempty"`
	Inner  struct{ A, B int } `json:",omitzero"`
	List   []point            `json:",omitempty"`
	Array  [2]point           `json:",omitzero"`
	Map    map[string]point   `json:",omitempty"`
	Ptr    *point             `json:",omitempty"`
	Any    any                `json:",omitempty"`
	Bytes  []byte             `json:",omitempty"`
	Parent *folder            `json:",omitempty"`
	*Extra
	Secret string `json:"-"`
	hidden int
}

func filledFolder() folder {
	p := point{1, 2}
	return folder{
		Name: "old", Point: p, Inner: struct{ A, B int }{1, 2}, List: []point{p, p, p}, Array: [2]point{p, p}, Map: map[string]point{"old": p}, Ptr: &p,
		Any: &p, Bytes: []byte("old"), Parent: &folder{Name: "parent", Ptr: &p}, Extra: &Extra{Note: ptr("old")}, Secret: "old", hidden: 1,
	}
}

func TestAVariableUsedAgainHoldsWhatWasSentAndNothingElse(t *testing.T) {
	for _, sent := range []folder{
		{}, {Name: "new"}, {Point: point{X: 5}}, {List: []point{{X: 1}}}, {Array: [2]point{{X: 3}}}, {Map: map[string]point{"new": {X: 1}}},
		{Ptr: &point{X: 9}}, {Parent: &folder{}}, {Any: map[string]any{"k": int64(1)}}, {Extra: &Extra{}}, filledFolder(),
	} {
		b, err := appendValue(nil, sent)
		if err != nil {
			t.Fatal(err)
		}
		var want folder
		r := codec.NewReader(b)
		if err := r.Value(&want); err != nil {
			t.Fatal(err)
		}
		for name, read := range map[string]func(*codec.Reader) (any, error){
			"Value": func(r *codec.Reader) (any, error) {
				v := filledFolder()
				err := r.Value(&v)
				return v, err
			},
			"ReflectValue": func(r *codec.Reader) (any, error) {
				v := filledFolder()
				err := r.ReflectValue(reflect.ValueOf(&v).Elem())
				return v, err
			},
			"a pointer": func(r *codec.Reader) (any, error) {
				old := filledFolder()
				shared := &old
				v := shared
				if err := r.Value(&v); err != nil {
					return nil, err
				}
				if want := filledFolder(); old.Name != want.Name || *old.Ptr != *want.Ptr {
					t.Errorf("a pointer's former target changed to %+v; it may be in use elsewhere", old)
				}
				return *v, nil
			},
		} {
			r := codec.NewReader(b)
			if got, err := read(&r); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got %+v, %v; want %+v", name, got, err, want)
			}
		}
	}
}

func TestContainersUsedAgainHoldWhatWasSentAndNothingElse(t *testing.T) {
	old := point{X: 8, Y: 9}
	for _, test := range []struct{ sent, target, want any }{
		{[]point{{X: 1}}, ptr([]point{old, old}), []point{{X: 1}}},
		{[]point{}, ptr([]point{old}), []point{}},
		{[]point(nil), ptr([]point{old}), []point(nil)},
		{[2]point{{X: 1}}, ptr([2]point{old, old}), [2]point{{X: 1}}},
		{map[string]point{"a": {X: 1}}, ptr(map[string]point{"a": old, "b": old}), map[string]point{"a": {X: 1}}},
		{map[string]point{}, ptr(map[string]point{"a": old}), map[string]point{}},
		{&point{X: 1}, ptr(&old), &point{X: 1}},
		{(*point)(nil), ptr(&old), (*point)(nil)},
		{[]*point{{X: 1}, nil}, ptr([]*point{&old, &old, &old}), []*point{{X: 1}, nil}},
		{map[string]any{"x": 1}, ptr(any(&old)), map[string]any{"x": int64(1)}},
		{nil, ptr(any(&old)), nil},
		{[1]map[string][]point{{"a": {{X: 1}}}}, ptr([1]map[string][]point{{"a": {old, old}, "b": nil}}), [1]map[string][]point{{"a": {{X: 1}}}}},
		{map[string]int{"n": 1}, ptr(merging{2: true}), merging{}},
	} {
		b, err := appendValue(nil, test.sent)
		if err != nil {
			t.Fatal(err)
		}
		r := codec.NewReader(b)
		if err := r.Value(test.target); err != nil {
			t.Errorf("%T: %v", test.target, err)
		} else if got := reflect.ValueOf(test.target).Elem().Interface(); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%T: got %+v, want %+v", test.target, got, test.want)
		}
	}
	if old != (point{X: 8, Y: 9}) {
		t.Errorf("what pointers pointed to changed to %v; it may be in use elsewhere", old)
	}
}

// merging adds to what is there when it is read.
type merging map[int]bool

func (m merging) MarshalJSON() ([]byte, error) { return []byte("{}"), nil }
func (m *merging) UnmarshalJSON([]byte) error {
	if *m == nil {
		*m = merging{}
	}
	return nil
}
