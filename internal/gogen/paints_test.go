package gogen_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/rpcserver"
	"github.com/helium-rpc/helium/schema"
)

// paintsRecord serves the corpus's paints and returns what the registry has of them.
func paintsRecord(t *testing.T) (*heliumtest.Env, binder.Record) {
	t.Helper()
	env := heliumtest.New(t)
	nc := env.Conn("paints")
	srv := rpcserver.New(nc, rpcserver.Config{})
	if err := corpus.RegisterPaints(srv, "paints", corpus.NewPaints()); err != nil {
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
	entry, err := reg.Lookup(t.Context(), "paints")
	if err != nil {
		t.Fatal(err)
	}
	return env, entry.Records[0]
}

func TestCommentsAndConstantsReachTheRecord(t *testing.T) {
	_, r := paintsRecord(t)
	if want := "Paints sells what walls are painted with.\n\nIt has enums in every place that a type can stand in."; r.Doc != want {
		t.Errorf("the doc of the service is %q, want %q", r.Doc, want)
	}
	got, _ := json.Marshal(map[string]any{"docs": r.TypeDocs, "enums": r.Enums, "types": r.Types})
	want := `{"docs":{"Paint":{"doc":"Paint is a bucket of paint.",` +
		`"fields":{"Coats":"Coats is how often.","Grades":"Grades are the walls that it is for.","shine":"Shine is how much light\nit throws back.","tone":"Tone is what it looks like."},` +
		`"with_enums":"{tone Tone, shine Shine, Grades []Grade, Plain string, Coats int64}"}},` +
		`"enums":{"Grade":{"type":"uint64","doc":"Grade is a kind of wall.","values":[{"name":"Indoor","value":1},{"name":"Outdoor","value":2},{"name":"Most","value":18446744073709551615}]},` +
		`"Hue":{"type":"int8","doc":"Hue is a color's place in the rainbow.","values":[{"name":"Red","value":-1,"doc":"Red is outermost."},{"name":"Blue","value":1}]},` +
		`"Month":{"type":"int64","doc":"A Month specifies a month of the year (January = 1, ...).","values":[`
	if !strings.HasPrefix(string(got), want) {
		t.Errorf("got\n%s\nwant at its beginning\n%s", got, want)
	}
	for _, want := range []string{
		// Matt, by both its names, and Glossy; not what isn't exported.
		`"Shine":{"type":"string","doc":"Shine is how much light a paint throws back.","values":[{"name":"Matt","value":"matt","doc":"Matt throws back none."},{"name":"Glossy","value":"glossy","doc":"Glossy throws back most,\nand \"sparkles\" */ \u003cb\u003e."},{"name":"AlsoMatt","value":"matt","doc":"AlsoMatt is another name."}]}`,
		// By their text, which Tones has none of.
		`"Tone":{"type":"string","doc":"Tone has a text form, in which it travels.","values":[{"name":"Warm","value":"warm"},{"name":"Cold","value":"cold"}]}`,
		`"types":{"Paint":"{tone string, shine string, Grades []uint64, Plain string, Coats int64}"}`,
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("got\n%s\nwant in it\n%s", got, want)
		}
	}
	if _, ok := r.Enums["Coats"]; ok || len(r.Enums) != 5 {
		t.Errorf("got the enums %v, want five, and none of Coats, Color, Duration or Level", r.Enums)
	}
	find := r.Methods[1]
	if want := "find(shine string, months map[int64][]string, tone string?, more ...uint64) map[string]Paint"; find.Signature != want {
		t.Errorf("the signature is %s, want %s", find.Signature, want)
	}
	if want := "find(shine Shine, months map[Month][]Shine, tone Tone?, more ...Grade) map[Tone]Paint"; find.WithEnums != want {
		t.Errorf("with enums it is %s, want %s", find.WithEnums, want)
	}
	if mix := r.Methods[0]; mix.WithEnums != "" {
		t.Errorf("mix has no enums, and with them is %s, want nothing", mix.WithEnums)
	}
}

func TestEnumsAreCalledLikeTheTypesOfTheirValues(t *testing.T) {
	env, _ := paintsRecord(t)
	paints := corpus.NewPaintsClient(env.Client)
	got, err := paints.Mix(t.Context(), corpus.Paint{Tone: corpus.Cold, Shine: corpus.Glossy, Plain: "silk"}, corpus.Paint{})
	if err != nil || got.Shine != "silk" || got.Tone != corpus.Cold {
		t.Errorf("got %+v, %v; want a value that has no name, as it was sent", got, err)
	}
	var found map[string]map[string]any
	if err := env.Client.Call(t.Context(), "paints.find", &found, "matt", nil, "cold"); err != nil || found["cold"]["shine"] != "matt" {
		t.Errorf("by name: got %v, %v; want a cold, matt paint", found, err)
	}
}

func TestCommentsAndConstantsReachOtherLanguages(t *testing.T) {
	_, r := paintsRecord(t)
	services, err := schema.Services([]binder.Record{r})
	if err != nil {
		t.Fatal(err)
	}
	typeScript, err := schema.TypeScript(services, schema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"export type Tone =\n  /** Warm. */\n  | \"warm\"\n  /** Cold. */\n  | \"cold\"\n  | (string & {});\n",
		"  /**\n   * Glossy.\n   *\n   * Glossy throws back most,\n   * and \"sparkles\" *\\/ <b>.\n   */\n  | \"glossy\"\n  | (string & {});\n",
		"  | 1\n  /** Outdoor. */\n  | 2\n  /** Most. */\n  | 18446744073709551615n\n  | (Int64 & {});\n",
		"  | -1\n",
		" * Paint is a bucket of paint.\n",
		"  /** Tone is what it looks like. */\n  tone: Tone;\n",
		"   * it throws back.\n   */\n  shine: Shine;\n",
		"tone: Tone | null, more: readonly Grade[]",
		" * Paints sells what walls are painted with.\n",
	} {
		if !strings.Contains(string(typeScript), want) {
			t.Errorf("the TypeScript has no\n%s\nit is\n%s", want, typeScript[:min(len(typeScript), 5000)])
		}
	}
	openRPC, err := schema.OpenRPC(services, schema.Config{})
	if err != nil {
		t.Fatal(err)
	}
	var compact strings.Builder
	enc := json.NewEncoder(&compact)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(json.RawMessage(openRPC)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"description":"Paints sells what walls are painted with.`,
		`"paints.Tone":{"title":"Tone","description":"Tone has a text form, in which it travels.","type":"string","anyOf":[{"title":"Warm","const":"warm"},{"title":"Cold","const":"cold"},{"description":`,
		`"title":"Red","description":"Red is outermost.","const":-1}`,
		`"tone":{"description":"Tone is what it looks like.","allOf":[{"$ref":"#/components/schemas/paints.Tone"}]}`,
		`"Coats":{"description":"Coats is how often.","type":"integer"`,
		`"x-helium-signature":"find(shine string, months map[int64][]string, tone string?, more ...uint64) map[string]Paint"`,
	} {
		if !strings.Contains(compact.String(), want) {
			t.Errorf("the OpenRPC document has no\n%s\nit is\n%s", want, openRPC)
		}
	}
	jsonSchema, err := json.Marshal(schema.Result(services[0].Methods[0].Signature))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"description":"Paint is a bucket of paint."`, `"const":"glossy"`, `"const":18446744073709551615`} {
		if !strings.Contains(string(jsonSchema), want) {
			t.Errorf("the JSON Schema has no %s; it is %s", want, jsonSchema)
		}
	}
}
