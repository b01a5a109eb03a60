package binder_test

import (
	"testing"

	"github.com/helium-rpc/helium/binder"
)

// painted is a record with an enum.
func painted() binder.Record {
	return binder.Record{
		Service: "s", Instance: "i",
		Types:    map[string]string{"Wall": "{color string}"},
		TypeDocs: map[string]binder.TypeDoc{"Wall": {Doc: "A Wall.", WithEnums: "{color Color}", Fields: map[string]string{"color": "Its color.", "none": "?"}}, "None": {Doc: "?"}},
		Enums:    map[string]binder.Enum{"Color": {Type: "string", Doc: "A Color.", Values: []binder.EnumValue{{Name: "Red", Value: []byte(`"red"`)}, {Name: "Bad", Value: []byte(`{}`)}, {Name: "Null", Value: []byte("null")}}}},
		Methods:  []binder.Method{{Name: "f", Signature: "f(w Wall, c string) map[string]string", WithEnums: "f(w Wall, c Color) map[Color]string"}},
	}
}

func read(t *testing.T, r binder.Record) (sig, wall string) {
	t.Helper()
	types, err := r.ReadTypes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Methods[0].Read(types)
	if err != nil {
		t.Fatal(err)
	}
	return m.String(), types.Definitions()["Wall"]
}

func TestARecordIsReadWithItsEnums(t *testing.T) {
	r := painted()
	if sig, wall := read(t, r); sig != r.Methods[0].WithEnums || wall != "{color Color}" {
		t.Errorf("got %s and %s, want both with Color", sig, wall)
	}
	types, err := r.ReadTypes()
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Methods[0].Read(types)
	if err != nil {
		t.Fatal(err)
	}
	wall, color := m.Params[0].Type, m.Params[1].Type
	if wall.Doc != "A Wall." || wall.Fields[0].Doc != "Its color." || wall.Fields[0].Type != color {
		t.Errorf("got %+v, want it with its docs", wall)
	}
	if color.Doc != "A Color." || len(color.Values) != 1 || color.Values[0].Name != "Red" {
		t.Errorf("got %+v, want it with the one value that can be one", color)
	}
}

func TestWhatARecordSaysOfEnumsNeverChangesItsTypes(t *testing.T) {
	for name, spoil := range map[string]func(r *binder.Record){
		"another type of values":      func(r *binder.Record) { r.Enums["Color"] = binder.Enum{Type: "int64"} },
		"no type of values":           func(r *binder.Record) { r.Enums["Color"] = binder.Enum{Type: "Wall"} },
		"a field more":                func(r *binder.Record) { r.TypeDocs["Wall"] = binder.TypeDoc{WithEnums: "{color Color, more int64}"} },
		"no definition":               func(r *binder.Record) { r.TypeDocs["Wall"] = binder.TypeDoc{WithEnums: "{"} },
		"a name of a type":            func(r *binder.Record) { r.Enums["Wall"] = binder.Enum{Type: "string"} },
		"a name that can't be one":    func(r *binder.Record) { r.Enums["a b"] = binder.Enum{Type: "string"} },
		"nothing of enums":            func(r *binder.Record) { r.Enums, r.TypeDocs, r.Methods[0].WithEnums = nil, nil, "" },
		"signatures with them, alone": func(r *binder.Record) { r.Enums = nil },
	} {
		r := painted()
		spoil(&r)
		if sig, wall := read(t, r); sig != r.Methods[0].Signature || wall != "{color string}" {
			t.Errorf("%s: got %s and %s, want both as they are without enums", name, sig, wall)
		}
	}
	for _, with := range []string{"f(w Wall, c Color) map[Color]int64", "f(w Wall)", "g(w Wall, c Color) map[Color]string", "f(w Wall, d Color) map[Color]string", "f(", "f(w Wall, c Color?) map[Color]string"} {
		r := painted()
		r.Methods[0].WithEnums = with
		if sig, wall := read(t, r); sig != r.Methods[0].Signature || wall != "{color Color}" {
			t.Errorf("%s: got %s and %s, want the signature as it is without enums", with, sig, wall)
		}
	}
}
