package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// paints is a record with all that can be said of types.
func paints() binder.Record {
	return binder.Record{
		Service: "paints", Instance: "i2", Version: "2.0.0", Started: time.Unix(2, 0), Doc: "Paints sells paint.\n\nAll of it.",
		Types:    map[string]string{"Wall": "{color string, size int64}", "Plain": "{a int8}"},
		TypeDocs: map[string]binder.TypeDoc{"Wall": {Doc: "A Wall is\npainted.", Fields: map[string]string{"size": "Size is in metres."}, WithEnums: "{color Color, size int64}"}},
		Enums: map[string]binder.Enum{"Color": {Type: "string", Doc: "A Color is seen.", Values: []binder.EnumValue{
			{Name: "Red", Value: []byte(`"red"`), Doc: "Red is warm."}, {Name: "Blue", Value: []byte(`"blue"`)},
		}}},
		Methods: []binder.Method{{Name: "paint", Signature: "paint(w Wall, c string) Plain", WithEnums: "paint(w Wall, c Color) Plain", Kind: binder.KindCall, Doc: "Paint paints."}},
	}
}

func TestDescribeTellsOfTypesFieldsAndEnums(t *testing.T) {
	old := paints()
	old.Instance, old.Version, old.Started = "i1", "1.0.0", time.Unix(1, 0)
	old.Doc, old.TypeDocs, old.Enums, old.Methods[0].WithEnums = "An older word.", nil, nil, ""
	url := registryWith(t, old, paints())
	r := heliumRun(t, "describe", "paints", "-s", url)
	want := `paints 2.0.0, 1.0.0, 2 instances
  direct links: none; calls go by the bus
  Paints sells paint.

  All of it.

  paint(w Wall, c Color) Plain
      Paint paints.
      try: helium call paints.paint <w> <c>

  Plain = {a int8}
  Wall = {color Color, size int64}
      A Wall is
      painted.
      size: Size is in metres.
  Color = string
      A Color is seen.
      "red"  Red: Red is warm.
      "blue"  Blue
`
	if r.exit != cli.ExitOK || r.out != want {
		t.Errorf("got exit %d and\n%s\nwant\n%s", r.exit, r.out, want)
	}
	if r := heliumRun(t, "describe", "paints", "-s", url, "-o", "raw"); r.out != "paint(w Wall, c string) Plain\n" {
		t.Errorf("raw: got %q, want the signature as it is on the wire", r.out)
	}
	r = heliumRun(t, "describe", "paints.paint", "-s", url, "-o", "json")
	var got struct {
		Doc      string
		TypeDocs map[string]binder.TypeDoc `json:"type_docs"`
		Enums    map[string]binder.Enum
		Methods  []struct {
			WithEnums string `json:"with_enums"`
		}
	}
	check(t, json.Unmarshal([]byte(r.out), &got))
	if got.Doc == "" || got.TypeDocs["Wall"].Fields["size"] == "" || len(got.Enums["Color"].Values) != 2 || got.Methods[0].WithEnums == "" {
		t.Errorf("got\n%s\nwant docs, enums and signatures with them", r.out)
	}
}

func TestDescribeOfAnOlderRecordIsAsItWas(t *testing.T) {
	old := paints()
	old.Doc, old.TypeDocs, old.Enums, old.Methods[0].WithEnums = "", nil, nil, ""
	r := heliumRun(t, "describe", "paints", "-s", registryWith(t, old))
	want := `paints 2.0.0, 1 instance
  direct links: none; calls go by the bus

  paint(w Wall, c string) Plain
      Paint paints.
      try: helium call paints.paint <w> <c>

  Plain = {a int8}
  Wall = {color string, size int64}
`
	if r.exit != cli.ExitOK || r.out != want {
		t.Errorf("got exit %d and\n%s\nwant\n%s", r.exit, r.out, want)
	}
}

func TestGeneratedSchemasTellOfTypesFieldsAndEnums(t *testing.T) {
	url := registryWith(t, paints())
	for args, wants := range map[string][]string{
		"ts":      {`| "red"`, "/** Blue. */", "A Wall is\n", "Size is in metres.", "Paints sells paint."},
		"openrpc": {`"const": "red"`, `"title": "Blue"`, `"A Wall is\npainted."`, `"Size is in metres."`, `Paints sells paint.`},
	} {
		r := heliumRun(t, "gen", args, "paints", "-s", url)
		for _, want := range wants {
			if r.exit != cli.ExitOK || !strings.Contains(r.out, want) {
				t.Errorf("gen %s: got exit %d and\n%.3000s\nwant %s in it", args, r.exit, r.out, want)
			}
		}
	}
}
