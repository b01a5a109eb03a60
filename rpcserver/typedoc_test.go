package rpcserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcserver"
)

// registered serves one service and returns what the registry has of it.
func registered(t *testing.T, svc rpcserver.Service, config rpcserver.Config) binder.Record {
	t.Helper()
	env := heliumtest.New(t)
	nc := env.Conn("server")
	srv := rpcserver.New(nc, config)
	if err := srv.Handle(svc); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	reg, err := binder.NewClient(nc, "")
	if err != nil {
		t.Fatal(err)
	}
	entry, err := reg.Lookup(t.Context(), svc.Name)
	if err != nil {
		t.Fatal(err)
	}
	return entry.Records[0]
}

func doNothing(context.Context, *rpcserver.Call) error { return nil }

// picky is an enum whose own encoding refuses what isn't in it.
type picky int

func (c picky) MarshalText() ([]byte, error) {
	if c > 1 {
		return nil, errors.New("there is no such value")
	}
	return fmt.Appendf(nil, "closed-%d", int(c)), nil
}

func (c *picky) UnmarshalText([]byte) error { return nil }

func painting() rpcserver.Service {
	return rpcserver.Service{
		Name: "painting", Doc: "Painting paints.",
		Types:    map[string]string{"Wall": "{color Color, size int64}"},
		TypeDocs: map[string]rpcserver.TypeDoc{"Wall": {Doc: "A Wall is painted.", Fields: map[string]string{"size": "Size is in square metres."}}},
		Enums: map[string]rpcserver.Enum{
			"Color": {Type: "string", Doc: "A Color is seen.", Values: []rpcserver.EnumValue{
				{Name: "Red", Value: "red", Doc: "Red is warm."}, {Name: "Text", Value: picky(1)}, {Name: "Refused", Value: picky(2)},
			}},
			"Coats": {Type: "uint8", Values: []rpcserver.EnumValue{{Name: "Two", Value: 2}}},
		},
		Methods: []rpcserver.Method{
			{Name: "paint", Signature: "paint(w Wall, color Color?, coats ...Coats) []Color", Handler: doNothing},
			{Name: "clean", Signature: "clean(w Wall)", Handler: doNothing},
		},
	}
}

func TestAServiceMadeByHandTellsOfItsTypesAndEnums(t *testing.T) {
	r := registered(t, painting(), rpcserver.Config{})
	got, _ := json.Marshal([]any{r.Doc, r.Types, r.TypeDocs, r.Enums, r.Methods[0].Signature, r.Methods[0].WithEnums, r.Methods[1].WithEnums})
	want := `["Painting paints.",{"Wall":"{color string, size int64}"},` +
		`{"Wall":{"doc":"A Wall is painted.","fields":{"size":"Size is in square metres."},"with_enums":"{color Color, size int64}"}},` +
		`{"Coats":{"type":"uint8","values":[{"name":"Two","value":2}]},` +
		`"Color":{"type":"string","doc":"A Color is seen.","values":[{"name":"Red","value":"red","doc":"Red is warm."},{"name":"Text","value":"closed-1"}]}},` +
		`"paint(w Wall, color string?, coats ...uint8) []string","paint(w Wall, color Color?, coats ...Coats) []Color",""]`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatIsWrongAboutTypesAndEnumsIsToldAtOnce(t *testing.T) {
	svc := painting()
	svc.TypeDocs = map[string]rpcserver.TypeDoc{"Wall": {Fields: map[string]string{"depth": "Depth."}}, "Floor": {Doc: "A Floor."}}
	svc.Enums["Color"] = rpcserver.Enum{Type: "string", Values: []rpcserver.EnumValue{{Name: "Two", Value: 2}}}
	svc.Enums["Coats"] = rpcserver.Enum{Type: "uint8", Values: []rpcserver.EnumValue{{Value: 2}}}
	svc.Enums["Small"] = rpcserver.Enum{Type: "uint8", Values: []rpcserver.EnumValue{{Name: "Big", Value: 256}}}
	wants(t, rpcserver.New(nil, rpcserver.Config{}).Handle(svc),
		`type Wall has no field "depth"`, `there is no type "Floor"`, "enum Color: the value of Two isn't of type string", "enum Coats: the value 2 has no name",
		"enum Small: the value of Big isn't of type uint8")
	for name, enum := range map[string]rpcserver.Enum{
		"Float": {Type: "float64"}, "List": {Type: "[]string"}, "None": {}, "Wall": {Type: "string"}, "string": {Type: "string"}, "a b": {Type: "string"},
	} {
		svc := painting()
		svc.Enums[name] = enum
		if err := rpcserver.New(nil, rpcserver.Config{}).Handle(svc); err == nil || !strings.Contains(err.Error(), "types: ") {
			t.Errorf("enum %q of type %q: got error %v, want one about types", name, enum.Type, err)
		}
	}
}

func TestDocsThatARecordHasNoRoomForAreLeftOutWithAWord(t *testing.T) {
	long := strings.Repeat("ä", 2000)
	svc := painting()
	svc.Doc = long
	r := registered(t, svc, rpcserver.Config{})
	if len(r.Doc) > 2100 || !strings.HasPrefix(long, strings.TrimSuffix(r.Doc, " …")) || !strings.HasSuffix(r.Doc, " …") {
		t.Errorf("a doc of %d bytes came with %d, ending %q; want it cut, and that shown", len(long), len(r.Doc), r.Doc[len(r.Doc)-8:])
	}

	var values []rpcserver.EnumValue
	for i := range 60 {
		values = append(values, rpcserver.EnumValue{Name: fmt.Sprint("V", i), Value: fmt.Sprint("v", i), Doc: long})
	}
	svc.Enums["Color"] = rpcserver.Enum{Type: "string", Values: values}
	var log bytes.Buffer
	r = registered(t, svc, rpcserver.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if got := r.Enums["Color"].Values; len(got) != 60 || got[59].Doc != "" || string(got[59].Value) != `"v59"` {
		t.Errorf("got the values %.300v, want all, without their docs", got)
	}
	if r.TypeDocs["Wall"].Doc == "" {
		t.Error("the doc of the type is gone, and there was room for it")
	}
	if !strings.Contains(log.String(), "docs of the values of enums") || strings.Count(log.String(), "left_out") != 1 {
		t.Errorf("the log says %q, want once what was left out", log.String())
	}

	for i := range 3000 {
		values = append(values, rpcserver.EnumValue{Name: fmt.Sprint("More", i), Value: fmt.Sprint("more", i)})
	}
	svc.Enums["Color"] = rpcserver.Enum{Type: "string", Values: values}
	r = registered(t, svc, rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	if r.Enums != nil || r.Methods[0].WithEnums != "" || r.TypeDocs["Wall"].WithEnums != "" || r.Methods[0].Signature == "" {
		t.Errorf("got %d enums, and signatures with them %q; want none", len(r.Enums), r.Methods[0].WithEnums)
	}
}
