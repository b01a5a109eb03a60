package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares output with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; make it with go test ./schema -update", err)
	}
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Fatalf("%s differs in line %d:\n got %s\nwant %s\nif that is meant: go test ./schema -update", name, i+1, gotLines[i], wantLines[i])
		}
	}
	t.Fatalf("%s: got %d lines, want %d; if that is meant: go test ./schema -update", name, len(gotLines), len(wantLines))
}

func call(name, sig, doc string) binder.Method {
	return binder.Method{Name: name, Signature: sig, Kind: binder.KindCall, Doc: doc}
}

// math is the record of the example service.
func math() binder.Record {
	add := call("add", "add(a float64, b float64) float64", "Add returns a + b.")
	add.Idempotent = true
	add.Example = &binder.Example{Args: json.RawMessage(`[2, 3]`), Result: json.RawMessage(`5`)}
	div := call("div", "div(a float64, b float64) float64", "Div returns a / b. Nobody divides by zero.\n\nNot even < this & that >.")
	div.Errors = []binder.MethodError{
		{Code: "invalid_argument", Reason: "math.division_by_zero", Message: "division by zero"},
		{Code: "invalid_argument", Reason: "math.not_a_number"},
		{Code: "out_of_range", Reason: "math.overflow", Message: "the quotient is too large"},
	}
	return binder.Record{Service: "math", Instance: "i1", Version: "1.2.0", Methods: []binder.Method{add, div}}
}

// every is a record with every type and every shape of parameters.
func every() binder.Record {
	doIt := call("do-it", "do-it(at time, more ...string) map[bytes]uint8", "")
	doIt.Example = &binder.Example{Args: json.RawMessage(`["2026-01-02T03:04:05Z", "a", "b"]`)}
	return binder.Record{
		Service: "every-thing", Instance: "i2", Version: "0.1.0",
		Types: map[string]string{
			"All": `{yes bool, a int8, b int16, c int32, d int64, e uint8, f uint16, g uint32, h uint64, ` +
				`i float32, j float64, k string, l bytes, m time, n any, "unit-price" float64, o (map[int64]bytes)?, p []time, every duration, limits (map[duration][]duration)?}`,
			"Node":    "{value any, left Node?, right Node?}",
			"Tree":    "map[string]Tree",
			"Forest":  "[]Forest",
			"Empty":   "{}",
			"number":  "{class string}",
			"Promise": "{then bool?}",
			"Caller":  "{id uint64}",
		},
		Methods: []binder.Method{
			call("all", "all(a All) All", "All returns what it gets."),
			call("grow", "grow(n Node, t Tree, f Forest) Tree?", ""),
			call("sum", "sum(name string, xs ...float64) float64", "Sum adds.\nIt takes any number of numbers."),
			call("join", "join(...string?) string", ""),
			call("find", "find(customer string, limit int64?, filter any) []number", ""),
			call("first", "first(hint string?, key bytes) Promise", ""),
			call("ping", "ping()", "Ping does nothing."),
			call("plain", "plain(int64, bytes?) {x float64, y (map[bool][]int8?)?}", ""),
			call("delete", `delete(class string, "a b" string, options Caller) Empty`, ""),
			call("constructor", "constructor(arguments Empty)", ""),
			doIt,
			{Name: "follow", Signature: "follow(from time) stream All", Kind: "stream"},
		},
	}
}

// nodes is a record with a type whose name every's has too, and with all that can be said
// of types.
func nodes() binder.Record {
	paint := call("paint", "paint(c string, n int64?, on bool, d uint64) map[string][]int64?", "")
	paint.WithEnums = "paint(c Color, n Level?, on Switch, d Big) map[Color][]Level?"
	return binder.Record{
		Service: "nodes", Instance: "i3", Doc: "Nodes are\nwhat graphs have.",
		Types: map[string]string{"Node": "{name string, color string, levels ([]int64)?}", "Own": "{n Node}"},
		TypeDocs: map[string]binder.TypeDoc{
			"Node": {
				Doc: "A Node is one.", WithEnums: "{name string, color Color, levels ([]Level)?}",
				Fields: map[string]string{"name": "What it is called.", "color": "What it is painted.", "levels": "How deep."},
			},
			"Own": {Fields: map[string]string{"n": "The node."}},
		},
		Enums: map[string]binder.Enum{
			"Color": {Type: "string", Doc: "A Color is seen.", Values: []binder.EnumValue{
				{Name: "Red", Value: []byte(`"red"`), Doc: "Red is warm."}, {Name: "Odd", Value: []byte(`"o\"d\n"`)}, {Name: "AlsoRed", Value: []byte(`"red"`)},
			}},
			"Level":  {Type: "int64", Values: []binder.EnumValue{{Name: "Low", Value: []byte("-1")}, {Name: "High", Value: []byte("9007199254740993")}}},
			"Big":    {Type: "uint64", Values: []binder.EnumValue{{Name: "Most", Value: []byte("18446744073709551615")}}},
			"Switch": {Type: "bool", Values: []binder.EnumValue{{Name: "On", Value: []byte("true")}}},
		},
		Methods: []binder.Method{call("get", "get(name string) Own", ""), paint},
	}
}

// streams is a record of streams, by name and without, and of types that they alone have.
func streams() binder.Record {
	stream := func(name, sig, doc string) binder.Method {
		return binder.Method{Name: name, Signature: sig, Kind: binder.KindStream, Doc: doc}
	}
	primes := stream("primes", "primes(below int64) stream<int64>", "Primes gives the primes below a number.")
	primes.Example = &binder.Example{Args: json.RawMessage(`[12]`), Result: json.RawMessage(`[2, 3, 5, 7, 11]`)}
	mean := stream("mean", "mean(xs stream<float64>) float64", "Mean returns the mean.")
	mean.Example = &binder.Example{Args: json.RawMessage(`[[1, 2, 6]]`), Result: json.RawMessage(`3`)}
	return binder.Record{
		Service: "flows", Instance: "i4", Version: "1.0.0",
		Types: map[string]string{"Order": "{id int64, at time, price float64}", "Line": "{text string}"},
		Methods: []binder.Method{
			primes, mean,
			stream("orders", "orders(since time?, limit int64?) stream<Order>", ""),
			stream("convert", "convert(factor float64, orders stream<Order>) stream<Line?>", "Convert converts 100%d of them."),
			stream("blind", "blind(int64?, stream<bytes>) stream<any>", ""),
			stream("later", "later(from time) stream", ""), // of a notation to come
			call("ping", "ping()", ""),
		},
	}
}

func services(t testing.TB, records ...binder.Record) []*schema.Service {
	t.Helper()
	out, err := schema.Services(records)
	if err != nil {
		t.Fatalf("Services: %v", err)
	}
	return out
}

func typescript(t testing.TB, s []*schema.Service, c schema.Config) []byte {
	t.Helper()
	text, err := schema.TypeScript(s, c)
	if err != nil {
		t.Fatalf("TypeScript: %v", err)
	}
	return text
}

func openRPC(t testing.TB, s []*schema.Service, c schema.Config) []byte {
	t.Helper()
	text, err := schema.OpenRPC(s, c)
	if err != nil {
		t.Fatalf("OpenRPC: %v", err)
	}
	return text
}

// The tests in folder node compile the TypeScript and run it.
func TestTheOutputIsThatOfTheGoldenFiles(t *testing.T) {
	one := schema.Config{Command: "helium gen ts math"}
	golden(t, "hostile.ts", typescript(t, services(t, hostile()), schema.Config{Prefix: `"+evil()+"`, Command: "helium\n gen ts */"}))
	golden(t, "math.ts", typescript(t, services(t, math()), one))
	golden(t, "every.ts", typescript(t, services(t, every(), math(), nodes()), schema.Config{Prefix: "eu.helium"}))
	golden(t, "streams.ts", typescript(t, services(t, streams(), math()), schema.Config{}))
	golden(t, "streams.openrpc.json", openRPC(t, services(t, streams()), schema.Config{}))
	golden(t, "math.openrpc.json", openRPC(t, services(t, math()), schema.Config{Command: "helium gen openrpc math"}))
	golden(t, "every.openrpc.json", openRPC(t, services(t, every(), math(), nodes()), schema.Config{Prefix: "eu.helium", Title: "All of it"}))
}

func TestTheSameServicesGiveTheSameBytes(t *testing.T) {
	again := []binder.Record{nodes(), every(), math()} // in another order
	for range 20 {
		a, b := services(t, math(), every(), nodes()), services(t, again...)
		if got, want := typescript(t, b, schema.Config{}), typescript(t, a, schema.Config{}); !bytes.Equal(got, want) {
			t.Fatalf("TypeScript differs:\n%s\nwant\n%s", got, want)
		}
		if got, want := openRPC(t, b, schema.Config{}), openRPC(t, a, schema.Config{}); !bytes.Equal(got, want) {
			t.Fatalf("OpenRPC differs:\n%s\nwant\n%s", got, want)
		}
	}
}

func TestTheInstanceThatStartedLastSpeaksForItsService(t *testing.T) {
	old, newer, same := math(), math(), math()
	old.Methods = old.Methods[:1]
	old.Instance, old.Version = "i0", "1.1.0"
	old.Started = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	newer.Started = old.Started.Add(time.Hour)
	same.Instance, same.Started = "i9", old.Started
	got := services(t, old, newer, same)
	if len(got) != 1 || got[0].Version != "1.2.0" || len(got[0].Methods) != 2 {
		t.Fatalf("got %+v, want version 1.2.0 with 2 methods", got)
	}
	if d := got[0].Differing; len(d) != 1 || d[0] != "i0" {
		t.Errorf("instances that differ: got %q, want i0 alone", d)
	}
}
