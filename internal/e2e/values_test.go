package e2e_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

//lint:file-ignore SA5008 the tags that are rarely meant are part of what is tested

// visit embeds a type with a form of its own.
type visit struct {
	time.Time
	Guest string `json:"guest"`
}

// record has parts that needn't be sent.
type record struct {
	ID     int               `json:"id,omitempty"`
	Tags   []string          `json:"tags,omitempty"`
	Notes  map[string]string `json:"notes,omitempty"`
	Visits []visit           `json:"visits,omitempty"`
	Parent *record           `json:"parent,omitempty"`
	Dash   string            `json:"-,"`
}

// grade is an enum with a text form.
type grade uint8

func (g grade) MarshalText() ([]byte, error)  { return []byte{'a' + byte(g)}, nil }
func (g *grade) UnmarshalText(b []byte) error { *g = grade(b[0] - 'a'); return nil }

// values is a service whose methods return what they got.
type values struct{}

func (values) Visit(v visit) visit                              { return v }
func (values) Visits(v map[string][]*visit) map[string][]*visit { return v }
func (values) Record(v record) record                           { return v }
func (values) Any(v any) any                                    { return v }
func (values) Raw(v json.RawMessage) json.RawMessage            { return v }
func (values) Grades(v map[grade][]grade) map[grade][]grade     { return v }
func (values) Addr(v netip.Addr) (netip.Addr, error)            { return v, nil }
func (values) Fail() any                                        { return map[string]any{"cause": errors.New("boom")} }
func (values) Lock() any                                        { return []any{&sync.Mutex{}} }
func (values) Quoted(v struct {
	N int64 `json:"n,string"`
}) struct {
	N int64 `json:"n,string"`
} {
	return v
}

func TestStructsThatEmbedATypeWithAFormOfItsOwnKeepAllTheirFields(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "values", values{})
	sent := visit{time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "Ada"}
	var got visit
	if err := env.Client.Call(t.Context(), "values.visit", &got, sent); err != nil || got != sent {
		t.Errorf("by name: got %v, %v; want %v", got, err, sent)
	}
	var stub struct {
		Visit  func(context.Context, visit) (visit, error)
		Visits func(context.Context, map[string][]*visit) (map[string][]*visit, error)
	}
	if err := env.Client.Bind("values", &stub); err != nil {
		t.Fatal(err)
	}
	if got, err := stub.Visit(t.Context(), sent); err != nil || got != sent {
		t.Errorf("by a stub: got %v, %v; want %v", got, err, sent)
	}
	many := map[string][]*visit{"today": {&sent, nil}}
	if got, err := stub.Visits(t.Context(), many); err != nil || !reflect.DeepEqual(got, many) {
		t.Errorf("in lists and maps: got %v, %v; want %v", got, err, many)
	}
	held, err := rpcclient.Call[map[string]any](t.Context(), env.Client, "values.any", &sent)
	if want := (map[string]any{"Time": sent.Time, "guest": "Ada"}); err != nil || !reflect.DeepEqual(held, want) {
		t.Errorf("inside an any: got %v, %v; want %v", held, err, want)
	}
}

func TestCallersInJSONSeeTypesAsEncodingJSONWritesThem(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "values", values{})
	nc := env.Conn("plain")
	for _, c := range []struct{ method, args, want string }{
		{"visit", `[{"Time": "2026-01-02T03:04:05Z", "guest": "Ada"}]`, `{"Time":"2026-01-02T03:04:05Z","guest":"Ada"}`},
		{"record", `[{"id": 1, "-": "dash"}]`, `{"id":1,"-":"dash"}`},
		{"raw", `[{"b": [1, "x", null], "a": 18446744073709551615}]`, `{"b":[1,"x",null],"a":18446744073709551615}`},
		{"grades", `[{"b": ["a", "c"]}]`, `{"b":["a","c"]}`},
		{"addr", `["10.0.0.1"]`, `"10.0.0.1"`},
		{"quoted", `[{"n": "9223372036854775807"}]`, `{"n":"9223372036854775807"}`},
		{"fail", `[]`, `{"cause":"boom"}`},
	} {
		answer := request(t, nc, "helium.call.values."+c.method, []byte(c.args))
		if got := string(answer.Data); got != c.want {
			t.Errorf("%s %s = %s, headers %v; want %s", c.method, c.args, got, answer.Header, c.want)
		}
	}
}

func TestWhatWouldArriveAsNothingIsAnErrorOfItsCall(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "values", values{})
	if got, err := rpcclient.Call[any](t.Context(), env.Client, "values.any", errors.New("boom")); err != nil || got != "boom" {
		t.Errorf("an error: got %v, %v; want its text", got, err)
	}
	for _, arg := range []any{&sync.Mutex{}, map[string]any{"m": &sync.Mutex{}}, []any{t.Context()}, struct{ Held any }{time.UTC}} {
		var got any
		err := env.Client.Call(t.Context(), "values.any", &got, arg)
		if helium.CodeOf(err) != helium.CodeInvalidArgument || helium.OutcomeOf(err) != helium.NotExecuted || !strings.Contains(err.Error(), "can't be sent") {
			t.Errorf("%T: got %v, %v; want an error before it is sent", arg, got, err)
		}
	}
	var got any
	if err := env.Client.Call(t.Context(), "values.lock", &got); helium.OutcomeOf(err) != helium.Executed || !strings.Contains(err.Error(), "can't be sent") {
		t.Errorf("a result: got %v, %v; want an error that says that it can't be sent", got, err)
	}
}

func TestAResultVariableUsedAgainHoldsWhatWasSent(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "values", values{})
	full := record{ID: 1, Tags: []string{"a", "b"}, Notes: map[string]string{"k": "v"}, Visits: []visit{{Guest: "x"}}, Parent: &record{ID: 2, Tags: []string{"p"}}, Dash: "d"}
	parent := full.Parent
	var result record
	var held any = &result
	list := []record{full, full}
	for _, sent := range []record{full, {}, {ID: 3}, {Tags: []string{"z"}}, {Parent: &record{}}, full, {Visits: []visit{{Guest: "y"}}}} {
		if err := env.Client.Call(t.Context(), "values.record", &result, sent); err != nil || !reflect.DeepEqual(result, sent) {
			t.Errorf("a struct: got %+v, %v; want %+v", result, err, sent)
		}
		if err := env.Client.Call(t.Context(), "values.any", &list, []record{sent}); err != nil || !reflect.DeepEqual(list, []record{sent}) {
			t.Errorf("a list: got %+v, %v; want only %+v", list, err, sent)
		}
	}
	if err := env.Client.Call(t.Context(), "values.any", &held, map[string]any{"id": 1}); err != nil || !reflect.DeepEqual(held, map[string]any{"id": int64(1)}) {
		t.Errorf("an any that held a pointer: got %v, %v; want the map", held, err)
	}
	if parent.ID != 2 || len(parent.Tags) != 1 {
		t.Errorf("what the old value pointed to changed to %+v", parent)
	}
}

// hiding has fields of which none counts.
type (
	left   struct{ ID int }
	right  struct{ ID string }
	hiding struct {
		left
		right
	}
	lossy struct{}
)

func (lossy) Both(hiding) {}

func TestWhatCannotBeWrittenWithoutLossIsRefusedEarly(t *testing.T) {
	env := heliumtest.New(t)
	srv := rpcserver.New(env.Conn("server"), rpcserver.Config{})
	if err := rpcserver.Register(srv, "lossy", lossy{}); err == nil || !strings.Contains(err.Error(), "is that of field left.ID too") {
		t.Errorf("registered: got %v, want an error that names the fields that hide each other", err)
	}
	if _, err := rpcclient.Func[func(context.Context, hiding) error](env.Client, "values.any"); err == nil || !strings.Contains(err.Error(), "is that of field left.ID too") {
		t.Errorf("a stub: got %v, want an error that names the fields that hide each other", err)
	}
	heliumtest.Serve(env, "values", values{})
	if err := env.Client.Call(t.Context(), "values.any", nil, hiding{}); helium.OutcomeOf(err) != helium.NotExecuted || !strings.Contains(err.Error(), "is that of field left.ID too") {
		t.Errorf("by name: got %v, want an error that names the fields that hide each other", err)
	}
}
