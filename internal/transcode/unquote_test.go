package transcode

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestTextThatWouldArriveAsAnotherIsRefusedWithItsPlace(t *testing.T) {
	const half = ", which is half of a surrogate pair and no character"
	m := method(t, "save(a string, b any, c map[string]string, d Person, e []string, f ...any)")
	tests := []struct{ json, want string }{
		{`["\ud800"]`, `argument 1 (a): "\ud800" has \ud800` + half},
		{`["a\udc00b"]`, `argument 1 (a): "a\udc00b" has \udc00` + half},
		{`["\udE00\uD83D"]`, `argument 1 (a): "\udE00\uD83D" has \udE00` + half},
		{`["\ud83d\ud83d\ude00"]`, `argument 1 (a): "\ud83d\ud83d\ude00" has \ud83d` + half},
		{`["\ud83d\ude00\ude00"]`, `argument 1 (a): "\ud83d\ude00\ude00" has \ude00` + half},
		{`["\ud83d\n\ude00"]`, `argument 1 (a): "\ud83d\n\ude00" has \ud83d` + half},
		{`["\\\ud83d"]`, `argument 1 (a): "\\\ud83d" has \ud83d` + half},
		{`["",{"x":[1,"\udfff"]}]`, `argument 2 (b): ["x"][1]: "\udfff" has \udfff` + half},
		{`["",{"x\ud800":1}]`, `argument 2 (b): the key "x\ud800" has \ud800` + half},
		{`["",[{"\udc00":["\ud800"]},"\udbff"]]`, `argument 2 (b): [0]: the key "\udc00" has \udc00` + half + `; argument 2 (b): [1]: "\udbff" has \udbff` + half},
		{`["",1,{"k":"\ud800"}]`, `argument 3 (c): ["k"]: "\ud800" has \ud800` + half},
		{`["",1,{"\ud800":"v"}]`, `argument 3 (c): the key "\ud800" has \ud800` + half},
		{`["",1,{},{"name":"\ud800","age":1}]`, `argument 4 (d): name: "\ud800" has \ud800` + half},
		{`["",1,{},{"name":"","age":1,"nick":"\ud800"}]`, `argument 4 (d): nick: "\ud800" has \ud800` + half},
		{`["",1,{},{"name":"","age":1,"\ud800":0}]`, `argument 4 (d): the key "\ud800" has \ud800` + half},
		{`["",1,{},{"name":"","age":1},["","\ud800"]]`, `argument 5 (e): [1]: "\ud800" has \ud800` + half},
		{`["",1,{},{"name":"","age":1},[],1,"\ud800"]`, `argument 7 (f): "\ud800" has \ud800` + half},
		{`{"a":"\ud800","c":{},"d":{"name":"","age":1},"e":[],"f":["","\udc00"]}`, `argument 1 (a): "\ud800" has \ud800` + half + `; argument 6 (f): [1]: "\udc00" has \udc00` + half},
		{`{"\ud800":1,"a":"","c":{},"d":{"name":"","age":1},"e":[]}`, `the key "\ud800" has \ud800` + half},

		{"[\"caf\xe9\"]", `argument 1 (a): "caf` + "\uFFFD" + `" isn't UTF-8, as all JSON is`},
		{"[\"\xed\xa0\x80\"]", `argument 1 (a): "` + "\uFFFD\uFFFD\uFFFD" + `" isn't UTF-8, as all JSON is`},
		{"[\"\",{\"\xff\":1}]", `argument 2 (b): the key "` + "\uFFFD" + `" isn't UTF-8, as all JSON is`},
	}
	for _, tt := range tests {
		got, err := Arguments([]byte(tt.json), m)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q:\ngot  % x, %v\nwant the error %s", tt.json, got, err, tt.want)
		}
	}
	for _, typ := range []string{"bytes", "time", "duration", "any", "string?", "map[bytes]any"} {
		text := `"\ud800"`
		if strings.HasPrefix(typ, "map") {
			text = `{"\ud800":1}`
		}
		if got, err := Value([]byte(text), typeOf(t, typ)); err == nil || !strings.Contains(err.Error(), `"\ud800" has \ud800`+half) {
			t.Errorf("%s as %s: got % x, %v; want it refused for its \\ud800", text, typ, got, err)
		}
	}
}

// Where encoding/json puts U+FFFD in the place of something else, text is refused, and
// elsewhere it is what encoding/json reads.
func TestTextIsWhatEncodingJSONReadsOrIsRefused(t *testing.T) {
	pieces := []string{`\ud83d`, `\uDE00`, `\ud83d\ude00`, `\uDBFF\uDFFF`, `\ud800`, `\udc00`, `\\`, `\"`, `\/`, `\n`, `\u0041`, `\u00e9`, `\ud7ff`, `\ue000`,
		"a", "u", "d83d", "ude00", "é", "😀", "\ue000"}
	r := rand.New(rand.NewPCG(1, 2))
	refused, read := 0, 0
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		literal := `"` + b.String() + `"`
		var want string
		if err := json.Unmarshal([]byte(literal), &want); err != nil {
			t.Fatal(err)
		}
		packed, err := Value([]byte(literal), nil)
		if strings.Contains(want, "\uFFFD") {
			if refused++; err == nil {
				t.Fatalf("%s: got % x, want an error, as encoding/json reads %q", literal, packed, want)
			}
			continue
		}
		read++
		var got string
		if err != nil || json.Unmarshal([]byte(back(t, packed)), &got) != nil || got != want {
			t.Fatalf("%s: got %q, %v; want %q", literal, got, err, want)
		}
		if packed, err = Value([]byte(`{`+literal+`:0}`), nil); err != nil {
			t.Fatalf("%s as a key: got % x, %v; want it read", literal, packed, err)
		}
	}
	if refused < 5000 || read < 5000 {
		t.Errorf("%d texts were refused and %d read, want thousands of both, or this test says little", refused, read)
	}
}
