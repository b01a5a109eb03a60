package schema_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/schema"
	"github.com/helium-rpc/helium/signature"
)

// compile checks a schema against the meta-schema of its draft and returns it ready.
func compile(t testing.TB, s any) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatalf("the schema can't be written: %v", err)
	}
	return compileText(t, text, "")
}

// compileText is compile for a schema at a place within a document.
func compileText(t testing.TB, text []byte, pointer string) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s is no JSON: %v", text, err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const url = "mem:///schema.json"
	if err := c.AddResource(url, doc); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	compiled, err := c.Compile(url + "#" + pointer)
	if err != nil {
		t.Fatalf("the schema is none by its meta-schema: %v\n%s", err, text)
	}
	return compiled
}

// fits reports whether JSON text fits a schema.
func fits(t testing.TB, s *jsonschema.Schema, text string) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s is no JSON: %v", text, err)
	}
	return s.Validate(value)
}

var definitions = map[string]string{
	"Point":  "{x float64, y float64}",
	"Node":   "{value any, left Node?, right Node?}",
	"Tree":   "map[string]Tree",
	"Forest": "[]Forest",
}

// parse returns a method whose signature can use the definitions above.
func parse(t testing.TB, sig string) *signature.Method {
	t.Helper()
	types, err := signature.ParseTypes(definitions)
	if err != nil {
		t.Fatal(err)
	}
	m, err := types.Parse(sig)
	if err != nil {
		t.Fatalf("%s: %v", sig, err)
	}
	return m
}

// shapes has values in JSON that are of a type, and some that aren't.
var shapes = []struct {
	typ      string
	good     []string
	bad      []string
	readable []string // what Helium reads, but the schema doesn't take: it is never written
}{
	{"bool", []string{`true`, `false`}, []string{`1`, `"true"`, `null`}, nil},
	{"int8", []string{`-128`, `127`, `2.0`, `1e2`}, []string{`-129`, `128`, `2.5`, `"2"`, `null`}, nil},
	{"int16", []string{`-32768`, `32767`}, []string{`-32769`, `32768`}, nil},
	{"int32", []string{`-2147483648`, `2147483647`}, []string{`-2147483649`, `2147483648`}, nil},
	{"int64", []string{`-9223372036854775808`, `9223372036854775807`, `9007199254740993`}, []string{`-9223372036854775809`, `9223372036854775808`}, nil},
	{"uint8", []string{`0`, `255`}, []string{`-1`, `256`}, nil},
	{"uint16", []string{`0`, `65535`}, []string{`-1`, `65536`}, nil},
	{"uint32", []string{`0`, `4294967295`}, []string{`-1`, `4294967296`}, nil},
	{"uint64", []string{`0`, `18446744073709551615`}, []string{`-1`, `18446744073709551616`}, nil},
	{"float32", []string{`0`, `-0.1`, `3.4028235e+38`, `-340282350000000000000000000000000000000`, `1e-45`}, []string{`3.5e38`, `-1e39`, `"0"`, `null`}, nil},
	{"float64", []string{`0`, `-0.1`, `1.7976931348623157e308`, `5e-324`}, []string{`"NaN"`, `null`, `true`}, nil},
	{"string", []string{`""`, `"text"`, `"\u0000☃"`}, []string{`1`, `null`, `[]`}, nil},
	{"bytes", []string{`""`, `"aA=="`, `"aGk="`, `"aGlq"`, `"+/+/"`}, []string{`"a"`, `"aGk"`, `"aGk=="`, `"aGl="`, `"aB=="`, `"!!!!"`, `1`, `null`}, []string{`"aGk"`}},
	{"duration", []string{`"1h30m"`, `"1h30m0s"`, `"-1.5ms"`, `"2562047h47m16.854775807s"`, `"1µs"`, `"0s"`, `"0"`, `1500`, `-1`}, []string{`"1 hour"`, `"90"`, `""`, `"-"`, `"1h "`, `"PT1H"`, `1.5`, `9223372036854775808`, `true`, `null`}, nil},
	{"map[duration]bool", []string{`{"1h30m":true,"7":false}`, `{}`}, []string{`{"soon":true}`, `{"1h":1}`}, []string{`{"7.0":true}`}},
	{"time", []string{`"2026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.123456789+02:00"`, `"0001-01-01T00:00:00Z"`}, []string{`"2026-01-02"`, `"now"`, `0`, `null`}, nil},
	{"any", []string{`null`, `1`, `"x"`, `[1, {}]`, `{"a": null}`}, nil, nil},
	{"[]int8", []string{`[]`, `[1, -1]`}, []string{`[300]`, `{}`, `[null]`, `null`}, nil},
	{"[]int8?", []string{`[]`, `[1, null]`}, []string{`[300]`, `null`}, nil},
	{"([]int8)?", []string{`[]`, `[1]`, `null`}, []string{`[null]`}, nil},
	{"map[string]bool", []string{`{}`, `{"": true}`}, []string{`{"a": 1}`, `[]`, `null`}, nil},
	{"map[bool]any", []string{`{"true": 1, "false": null}`}, []string{`{"yes": 1}`}, nil},
	{"map[int8]any", []string{`{"-1": 1, "0": 2, "127": 3}`}, []string{`{"": 1}`, `{"1.5": 1}`, `{"x": 1}`, `{"01": 1}`, `{"1000": 1}`, `{"2e0": 1}`}, []string{`{"2e0": 1}`}},
	{"map[uint64]any", []string{`{"18446744073709551615": 1}`}, []string{`{"-1": 1}`, `{"100000000000000000000": 1}`}, nil},
	{"map[bytes]any", []string{`{"aGk=": 1}`}, []string{`{"aG!=": 1}`}, nil},
	{"{}", []string{`{}`}, []string{`{"a": 1}`, `[]`, `null`}, nil},
	{"{a int8, b string?, c any}", []string{`{"a": 1}`, `{"a": 1, "b": null, "c": null}`, `{"c": [], "b": "x", "a": 1}`}, []string{`{}`, `{"a": null}`, `{"a": 1, "b": 2}`, `{"a": 1, "d": 1}`}, nil},
	{`{"unit-price" float64}`, []string{`{"unit-price": 1}`}, []string{`{"unit": 1}`}, nil},
	{"int8?", []string{`1`, `null`}, []string{`300`, `""`}, nil},
	{"{a int8}?", []string{`{"a": 1}`, `null`}, []string{`{}`}, nil},
	{"Point", []string{`{"x": 1, "y": 2.5}`}, []string{`{"x": 1}`, `{"x": 1, "y": "2"}`, `{"x": 1, "y": 2, "z": 3}`, `null`}, nil},
	{"Point?", []string{`{"x": 1, "y": 2.5}`, `null`}, []string{`{"x": 1}`}, nil},
	{"Node", []string{`{}`, `{"value": [1], "left": {"right": {"value": "x"}}, "right": null}`}, []string{`{"left": {"right": {"up": {}}}}`, `{"left": 1}`}, nil},
	{"Tree", []string{`{}`, `{"a": {"b": {}}}`}, []string{`{"a": {"b": 1}}`}, nil},
	{"Forest", []string{`[]`, `[[], [[]]]`}, []string{`[[1]]`}, nil},
}

func TestWhatFitsASchemaHeliumReads(t *testing.T) {
	for _, shape := range shapes {
		typ := parse(t, "f("+shape.typ+")").Params[0].Type
		s := compile(t, schema.Of(typ))
		for _, text := range shape.good {
			if err := fits(t, s, text); err != nil {
				t.Errorf("%s of %s: got %v, want it to fit", text, shape.typ, err)
			}
			if _, err := transcode.Value([]byte(text), typ); err != nil {
				t.Errorf("%s fits the schema of %s, but Helium doesn't read it: %v", text, shape.typ, err)
			}
		}
	}
}

func TestWhatHeliumRefusesFitsNoSchema(t *testing.T) {
	for _, shape := range shapes {
		typ := parse(t, "f("+shape.typ+")").Params[0].Type
		s := compile(t, schema.Of(typ))
		for _, text := range shape.bad {
			if fits(t, s, text) == nil {
				t.Errorf("%s fits the schema of %s; want it not to", text, shape.typ)
			}
			_, err := transcode.Value([]byte(text), typ)
			if readable := slices.Contains(shape.readable, text); readable != (err == nil) {
				t.Errorf("reading %s as %s: got error %v, want readable %v", text, shape.typ, err, readable)
			}
		}
	}
}

func TestWhatHeliumWritesFitsTheSchema(t *testing.T) {
	for _, shape := range shapes {
		typ := parse(t, "f("+shape.typ+")").Params[0].Type
		s := compile(t, schema.Of(typ))
		for _, text := range slices.Concat(shape.good, shape.readable) {
			msgpack, err := transcode.Value([]byte(text), typ)
			if err != nil {
				t.Fatalf("%s of %s: %v", text, shape.typ, err)
			}
			written, err := transcode.JSON(msgpack, typ)
			if err != nil {
				t.Fatalf("%s of %s: %v", text, shape.typ, err)
			}
			if err := fits(t, s, string(written)); err != nil {
				t.Errorf("Helium writes %s as %s, and that doesn't fit the schema: %v", shape.typ, written, err)
			}
		}
	}
}

func TestNilListsMapsAndBytesFitAsHeliumWritesThem(t *testing.T) {
	null := msgpack.AppendNil(nil)
	for _, notation := range []string{"[]int8", "map[int8]bool", "bytes", "Tree", "Forest", "any", "time?"} {
		typ := parse(t, "f() "+notation).Result
		written, err := transcode.JSON(null, typ)
		if err != nil {
			t.Fatalf("%s: %v", notation, err)
		}
		if err := fits(t, compile(t, schema.Of(typ)), string(written)); err != nil {
			t.Errorf("a nil of %s is written %s, and that doesn't fit the schema: %v", notation, written, err)
		}
	}
}

func TestArgumentsFitTheirSchemaIfHeliumReadsThem(t *testing.T) {
	for _, tt := range []struct {
		sig       string
		good, bad []string
	}{
		{"ping()", []string{`[]`, `{}`}, []string{`[1]`, `{"a": 1}`, `null`, `1`}},
		{"add(a int8, b int8) int8", []string{`[1, 2]`, `{"b": 1, "a": 2}`}, []string{`[1]`, `[1, 2, 3]`, `[1, 300]`, `{"a": 1}`, `{"a": 1, "b": 2, "c": 3}`, `{"a": 1, "b": null}`}},
		{"add(int8, int8) int8", []string{`[1, 2]`}, []string{`{"a": 1, "b": 2}`, `{}`, `[]`}},
		{"find(name string, limit int64?, by any)", []string{`["x", null, null]`, `{"name": "x"}`, `{"name": "x", "limit": null, "by": 1}`}, []string{`["x"]`, `{"limit": 1}`}},
		{"sum(name string, xs ...float64)", []string{`["x"]`, `["x", 1, 2.5]`, `{"name": "x"}`, `{"name": "x", "xs": [1, 2]}`, `{"name": "x", "xs": null}`}, []string{`[]`, `["x", "y"]`, `{"name": "x", "xs": 1}`, `{"xs": [1]}`}},
		{"sum(...float64)", []string{`[]`, `[1, 2]`}, []string{`["x"]`, `{}`}},
		{"move(p Point, to Node?)", []string{`[{"x": 1, "y": 2}, null]`, `{"p": {"x": 1, "y": 2}, "to": {"left": {}}}`}, []string{`[{"x": 1}, null]`, `{"p": {"x": 1, "y": 2}, "to": {"up": 1}}`}},
	} {
		m := parse(t, tt.sig)
		s := compile(t, schema.Arguments(m))
		for _, text := range tt.good {
			if err := fits(t, s, text); err != nil {
				t.Errorf("%s for %s: got %v, want it to fit", text, tt.sig, err)
			}
			if _, err := transcode.Arguments([]byte(text), m); err != nil {
				t.Errorf("%s fits the schema of %s, but Helium doesn't read it: %v", text, tt.sig, err)
			}
		}
		for _, text := range tt.bad {
			if fits(t, s, text) == nil {
				t.Errorf("%s fits the schema of %s; want it not to", text, tt.sig)
			}
		}
	}
}

func TestAMethodWithoutAResultGivesNull(t *testing.T) {
	s := compile(t, schema.Result(parse(t, "ping()")))
	if err := fits(t, s, `null`); err != nil {
		t.Errorf("null: got %v, want it to fit", err)
	}
	if fits(t, s, `1`) == nil {
		t.Error("1 fits; want null alone")
	}
	if err := fits(t, compile(t, schema.Result(parse(t, "next() Node?"))), `{"left": {}}`); err != nil {
		t.Errorf("a result: got %v, want it to fit", err)
	}
}

func TestATypeThatIsntKnownIsAny(t *testing.T) {
	if err := fits(t, compile(t, schema.Of(nil)), `{"any": ["thing"]}`); err != nil {
		t.Errorf("got %v, want everything to fit", err)
	}
}

func TestOfAStreamTheSchemasAreOfItsItemsAndOfAllOfThem(t *testing.T) {
	m := parse(t, "convert(factor float64, points stream<Point>) stream<Node?>")
	for _, test := range []struct {
		what        string
		schema      *schema.Schema
		fit, misfit []string
	}{
		{
			"the arguments", schema.Arguments(m),
			[]string{`[2, []]`, `[2, [{"x": 1, "y": 2}]]`, `{"factor": 2, "points": [{"x": 1, "y": 2}]}`},
			[]string{`[2]`, `[2, {"x": 1, "y": 2}]`, `[2, [{"x": 1}]]`, `[2, null]`, `{"factor": 2}`},
		},
		{"the result", schema.Result(m), []string{`[]`, `[null, {"value": 1}]`}, []string{`null`, `{"value": 1}`, `[1]`}},
		{"an item", schema.Item(m), []string{`null`, `{"value": 1}`}, []string{`[]`, `1`}},
		{"an item of no stream", schema.Item(parse(t, "f() int8")), nil, []string{`null`, `1`}},
		{"the result of what takes a stream alone", schema.Result(parse(t, "f(stream<int8>)")), []string{`null`}, []string{`[]`}},
	} {
		s := compile(t, test.schema)
		for _, text := range test.fit {
			if err := fits(t, s, text); err != nil {
				t.Errorf("%s: %s doesn't fit: %v", test.what, text, err)
			}
		}
		for _, text := range test.misfit {
			if fits(t, s, text) == nil {
				t.Errorf("%s: %s fits, want an error", test.what, text)
			}
		}
	}
}

func TestAStreamInANotationToComeIsLeftOut(t *testing.T) {
	s := services(t, streams())[0]
	names := make([]string, len(s.Methods))
	for i, m := range s.Methods {
		names[i] = m.Signature.Name
	}
	if want := []string{"primes", "mean", "orders", "convert", "blind", "ping"}; !slices.Equal(names, want) || !slices.Equal(s.Skipped, []string{"later"}) {
		t.Errorf("the methods are %q, and left out %q; want %q, and later", names, s.Skipped, want)
	}
}
