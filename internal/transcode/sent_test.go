package transcode

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/codec"
)

func TestATypeThatIsSentFitsByItsNamesAlwaysOrNeverOrByItsValues(t *testing.T) {
	for _, c := range []struct {
		sent, want string
		always     bool
		fault      string // "" if values may fit
	}{
		{"Point", "{x float64, y float64}", true, ""},
		{"{y int8, x int8}", "Point", true, ""},
		{"Point?", "Point", true, ""},
		{"Point", "Point?", true, ""},
		{"[]Point?", "([]Point)?", true, ""},
		{"string", "Point", true, ""}, // its reader refuses it
		{"any", "Point", false, ""},
		{"any", "[]int64", true, ""},
		{"any", "any", true, ""},
		{"map[string]any", "any", true, ""},
		{"map[string]any", "Point", false, ""},
		{"map[string]float64", "Point", false, ""},
		{"[]any", "[]Point", false, ""},
		{"map[string]any", "map[string]Point", false, ""},
		{"map[string]any", "map[string]int64", true, ""},
		{"{a Point, b Point}", "map[string]Point", true, ""},
		{"{a Point, b {x int8}}", "map[string]Point", false, `b: the field "y" is missing; want {x float64, y float64}`},
		{"{x float64, y float64?}", "Point", false, ""},
		{"{x float64, y float64, z int8?}", "Point", false, ""},
		{"{x float64, y float64, z any}", "Point", false, ""},
		{"{x float64, y float64, z int8}", "Point", false, `there is no field "z"; want {x float64, y float64}`},
		{"{name string, age int8}", "Person", true, ""},
		{"{name string, age int8, nick any, extra int8}", "Person", true, ""},
		{"{Name string}", "Person", false, `there is no field "Name"; did you mean "name"? the field "age" is missing; want {name string, age uint8, nick string?, extra any}`},
		{"[]{X int8, Y int8}", "[]Point", false, `[]: there is no field "X"; did you mean "x"? there is no field "Y"; did you mean "y"? want {x float64, y float64}`},
		{"{nikc string?}", "{nick string?}", false, `there is no field "nikc"; did you mean "nick"? want {nick string?}`},
		{"{}", "{nick string?}", true, ""},
		{"{a int8}", "{}", false, `there is no field "a"; want {}`},
		{"{value int8, kids []{value int8, kids []{value int8, kids []Tree}}}", "Tree", true, ""},
		{"{value int8, kids []{value int8, kids []{valve int8, kids []Tree}}}", "Tree", false, `kids[].kids[]: there is no field "valve"; did you mean "value"? want {value int64, kids []Tree}`},
		{"Tree", "{value int64, kids []{value int64, kids []{value int64}}}", false, `kids[].kids[]: there is no field "kids"; want {value int64}`},
	} {
		always, err := SentType(typeOf(t, c.sent), typeOf(t, c.want))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if always != c.always || got != c.fault {
			t.Errorf("%s for %s:\ngot  %v, %q\nwant %v, %q", c.sent, c.want, always, got, c.always, c.fault)
		}
	}
}

func TestTypesThatContainThemselvesHaveFieldsOrNot(t *testing.T) {
	for text, want := range map[string]bool{
		"int8": false, "any": false, "[]int8": false, "map[string][][]bytes?": false, "Blob": false,
		"{}": true, "Point?": true, "map[string]([]Point)?": true, "Tree": true,
	} {
		if got := HasFields(typeOf(t, text)); got != want {
			t.Errorf("HasFields(%s) = %v, want %v", text, got, want)
		}
	}
	loop := typeOf(t, "[]int8")
	loop.Elem = loop
	if HasFields(loop) {
		t.Error("a list of itself has fields, want none")
	}
}

func TestSentValuesAreSteppedOverWhateverTheyAre(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
		fault string
	}{
		{map[string]any{"x": 1, "y": 2}, "Point", ""},
		{map[string]any{"x": "one", "y": nil}, "Point", ""}, // for its reader to refuse
		{map[any]any{1: 2}, "Point", ""},
		{nil, "Point", ""},
		{7, "Point", ""},
		{[]any{1, nil, "a"}, "[]Point", ""},
		{map[string]any{"a": []any{map[string]any{"y": 1, "z": 1}}}, "map[string][]Point", `["a"][0]: there is no field "z"; the field "x" is missing; want {x float64, y float64}`},
		{map[int]any{-5: map[string]any{"X": 1, "y": 1}}, "map[int8]Point", `[-5]: there is no field "X"; did you mean "x"? want {x float64, y float64}`},
		{map[string]any{strings.Repeat("k", 300): map[string]any{}}, "map[string]Point", `["` + strings.Repeat("k", 59) + `…]: the field "x" is missing; the field "y" is missing; want {x float64, y float64}`},
	} {
		r := codec.NewReader(pack(t, c.value, "behind it"))
		err := SentValue(&r, typeOf(t, c.want))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != c.fault {
			t.Errorf("%v as %s: got %q, want %q", c.value, c.want, got, c.fault)
		}
		if behind, err := r.String(); behind != "behind it" {
			t.Errorf("%v as %s: behind it stands %q, %v", c.value, c.want, behind, err)
		}
	}
}
