package schema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/schema"
)

// openRPCMeta is the meta-schema of OpenRPC documents.
func openRPCMeta(t testing.TB) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/openrpc-meta.json")
	if err != nil {
		t.Fatal(err)
	}
	return compileText(t, text, "")
}

// document is what a test reads of an OpenRPC document.
type document struct {
	Info    struct{ Title, Version string }
	Methods []struct {
		Name, ParamStructure string
		Params               []struct {
			Name     string
			Required bool
			Schema   json.RawMessage
		}
		Errors []struct {
			Code    int
			Message string
			Data    struct {
				Code    string
				Reasons []string
			}
		}
		Examples []struct {
			Params []struct{ Value json.RawMessage }
			Result *struct{ Value json.RawMessage }
		}
	}
	Components struct{ Schemas map[string]json.RawMessage }
}

func readDocument(t testing.TB, text []byte) (d document) {
	t.Helper()
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return d
}

func TestAnOpenRPCDocumentFitsTheMetaSchema(t *testing.T) {
	meta := openRPCMeta(t)
	for _, records := range [][]binder.Record{{math()}, {every()}, {math(), every(), nodes()}, {streams()}, {{Service: "empty"}}} {
		text := openRPC(t, services(t, records...), schema.Config{})
		if err := fits(t, meta, string(text)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
	if fits(t, meta, `{"openrpc": "1.3.2", "info": {"title": "x", "version": "1"}, "methods": [{"name": "f", "params": [{"name": "a", "schema": {"type": "numbr"}}]}]}`) == nil {
		t.Error("the meta-schema takes a schema of type numbr; it checks nothing")
	}
}

func TestEverySchemaOfADocumentIsOneInBothDraftsAndItsReferencesLeadSomewhere(t *testing.T) {
	text := openRPC(t, services(t, math(), every(), nodes(), streams()), schema.Config{})
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	pointers := []string{}
	d := readDocument(t, text)
	for i, m := range d.Methods {
		pointers = append(pointers, fmt.Sprintf("/methods/%d/result/schema", i))
		for j := range m.Params {
			pointers = append(pointers, fmt.Sprintf("/methods/%d/params/%d/schema", i, j))
		}
	}
	for name := range d.Components.Schemas {
		pointers = append(pointers, "/components/schemas/"+name)
	}
	for _, draft := range []*jsonschema.Draft{jsonschema.Draft7, jsonschema.Draft2020} {
		for _, pointer := range pointers {
			c := jsonschema.NewCompiler()
			c.DefaultDraft(draft)
			if err := c.AddResource("mem:///openrpc.json", doc); err != nil {
				t.Fatal(err)
			}
			// It follows references, and fails if one leads nowhere.
			if _, err := c.Compile("mem:///openrpc.json#" + pointer); err != nil {
				t.Errorf("%s, %v: %v", pointer, draft, err)
			}
		}
	}
	if refs := bytes.Count(text, []byte(`"$ref"`)); refs < 10 {
		t.Errorf("the document has %d references; want some, or this test says nothing", refs)
	}
}

func TestParametersThatMayBeLeftOutFollowTheOthers(t *testing.T) {
	d := readDocument(t, openRPC(t, services(t, every()), schema.Config{}))
	got := make(map[string]string)
	for _, m := range d.Methods {
		text := m.ParamStructure
		names := []string{}
		optional := false
		for _, p := range m.Params {
			if p.Required && optional {
				t.Errorf("%s: %s is required and follows one that isn't", m.Name, p.Name)
			}
			optional = !p.Required
			if slices.Contains(names, p.Name) {
				t.Errorf("%s has two parameters %s", m.Name, p.Name)
			}
			names = append(names, p.Name)
			text += " " + p.Name
			if optional {
				text += "?"
			}
		}
		got[m.Name] = text
	}
	for name, want := range map[string]string{
		"ping":  "either",
		"find":  "by-name customer limit? filter?", // in order, none may be left out
		"first": "either hint key",
		"plain": "by-position arg1 arg2",
		"sum":   "by-name name xs?",
		"join":  "by-position arg1?",
	} {
		if got := got["every-thing."+name]; got != want {
			t.Errorf("%s: got parameters %q, want %q", name, got, want)
		}
	}
}

func TestErrorsOfOneCodeShareAnEntry(t *testing.T) {
	d := readDocument(t, openRPC(t, services(t, math()), schema.Config{}))
	errors := d.Methods[1].Errors
	got := fmt.Sprint(errors)
	want := "[{3 division by zero; math.not_a_number {invalid_argument [math.division_by_zero math.not_a_number]}} " +
		"{11 the quotient is too large {out_of_range [math.overflow]}}]"
	if got != want {
		t.Errorf("got errors %s\nwant %s", got, want)
	}
}

func TestAnErrorOfACodeFromTheFutureIsUnknown(t *testing.T) {
	r := math()
	r.Methods[0].Errors = []binder.MethodError{{Code: "teapot", Reason: "math.teapot"}}
	d := readDocument(t, openRPC(t, services(t, r), schema.Config{}))
	if e := d.Methods[0].Errors; len(e) != 1 || e[0].Code != 2 || e[0].Data.Code != "unknown" {
		t.Errorf("got %+v, want one with code 2, unknown", e)
	}
}

func TestAnExampleIsShownIfItIsACallOfItsMethod(t *testing.T) {
	for _, tt := range []struct {
		args  string
		count int
	}{{`[2, 3]`, 1}, {`[2]`, 0}, {`{"a": 1}`, 0}, {`null`, 0}} {
		r := math()
		r.Methods[0].Example = &binder.Example{Args: json.RawMessage(tt.args), Result: json.RawMessage(`5`)}
		d := readDocument(t, openRPC(t, services(t, r), schema.Config{}))
		if got := len(d.Methods[0].Examples); got != tt.count {
			t.Errorf("example of arguments %s: got %d in the document, want %d", tt.args, got, tt.count)
		}
		text := string(typescript(t, services(t, r), schema.Config{}))
		if got := strings.Contains(text, "@example"); got != (tt.count > 0) {
			t.Errorf("example of arguments %s: in the client: got %v, want %v", tt.args, got, tt.count > 0)
		}
	}
}

func TestARecordThatCantBeReadIsRefusedByName(t *testing.T) {
	for _, tt := range []struct {
		record binder.Record
		want   string
	}{
		{binder.Record{Service: "a b"}, `"a b" can't be the name of a service`},
		{binder.Record{Service: "s", Types: map[string]string{"T": "int8"}}, "service s: its types can't be read"},
		{binder.Record{Service: "s", Methods: []binder.Method{call("f", "f(", "")}}, "service s: the signature of f can't be read"},
	} {
		_, err := schema.Services([]binder.Record{tt.record})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got error %v, want one with %q", err, tt.want)
		}
	}
}
