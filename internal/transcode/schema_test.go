package transcode_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/transcode"
	"github.com/helium-rpc/helium/schema"
	"github.com/helium-rpc/helium/signature"
)

// fits reports whether JSON text fits the schema of a type.
func fits(t *testing.T, typ *signature.Type, text string) error {
	t.Helper()
	written, err := json.Marshal(schema.Of(typ))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("mem:///schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("mem:///schema.json")
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

// exceptions are values that fit the schema of a type and aren't read, with what
// docs/schema.md has to name each by.
var exceptions = []struct{ typ, json, named string }{
	{"map[int8]bool", `{"999":true}`, "a number that is a key of a map"},
	{"duration", `"9999999h"`, "a duration, beyond its range"},
	{"float64", `1e400`, "`1e400`"},
	{"any", `1e400`, "`1e400`"},
	{"any", `18446744073709551617`, "an integer that would"},
	{"string", `"\ud800"`, "`\"\\ud800\"`"},
	{"map[string]any", `{"\ud800":1}`, "`\"\\ud800\"`"},
	{"time", `"2016-12-31T23:59:60Z"`, "`23:59:60`"},
	{"time", `"2016-12-31t23:59:59z"`, "`t` and `z`"},
	{"any", `{"a":1,"a":2}`, "an object that has a key twice"},
	{"map[duration]bool", `{"1h":true,"60m":true}`, "`\"60m\"`"},
	{"any", strings.Repeat("[", 65) + strings.Repeat("]", 65), "64 deep"},
}

func TestTheDocumentNamesWhatFitsASchemaAndIsNotRead(t *testing.T) {
	said := exceptionsSaid(t)
	for _, e := range exceptions {
		m, err := signature.NewTypes().Parse("f(" + e.typ + ")")
		if err != nil {
			t.Fatal(err)
		}
		typ := m.Params[0].Type
		if err := fits(t, typ, e.json); err != nil {
			t.Errorf("%s doesn't fit the schema of %s, so it is no exception: %v", e.json, e.typ, err)
		}
		if got, err := transcode.Value([]byte(e.json), typ); err == nil {
			t.Errorf("%s as %s: got % x, want an error, or it is no exception", e.json, e.typ, got)
		}
		if !strings.Contains(said, e.named) {
			t.Errorf("docs/schema.md doesn't name %s of %s: want %q in\n%s", e.json, e.typ, e.named, said)
		}
	}
}

func TestTheDocumentSaysWhatAJSONNumberReads(t *testing.T) {
	said := exceptionsSaid(t)
	for _, want := range []string{"`json.Number`", "`null`"} {
		if !strings.Contains(said, want) {
			t.Errorf("docs/schema.md doesn't name %s, want it in\n%s", want, said)
		}
	}
	typ, err := signature.NewTypes().OfType(reflect.TypeFor[struct{ N json.Number }]())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{`{"N":5}`: "5", `{"N":"5"}`: "5", `{}`: "", `{"N":null}`: "", `{"N":true}`: "an error", `{"N":"x"}`: "an error"} {
		if err := fits(t, typ, text); err != nil {
			t.Errorf("%s doesn't fit the schema: %v", text, err)
		}
		packed, err := transcode.Value([]byte(text), typ)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var v struct{ N json.Number }
		r := codec.NewReader(packed)
		got := "an error"
		if err := r.Value(&v); err == nil {
			got = string(v.N)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// exceptionsSaid returns what docs/schema.md says of them, in one line.
func exceptionsSaid(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/schema.md")
	if err != nil {
		t.Fatal(err)
	}
	_, said, _ := strings.Cut(string(text), "### What schemas can't say\n")
	said, _, found := strings.Cut(said, "\n## ")
	if !found {
		t.Fatal("docs/schema.md has no section of what schemas can't say")
	}
	return strings.Join(strings.Fields(said), " ")
}
