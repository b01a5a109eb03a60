package gogen_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
	"github.com/helium-rpc/helium/rpcserver"
	"github.com/helium-rpc/helium/signature"
)

func ptr[T any](v T) *T { return &v }

var (
	when     = time.Date(2026, 11, 23, 1, 2, 3, 4, time.UTC)
	line     = corpus.Line{SKU: "gear", Quantity: -3, Color: "red", Data: corpus.Blob{1, 2}, Grid: [][]uint16{{1}, nil, {}}, ByLevel: map[corpus.Level][]corpus.Point{-1: {{X: 1, Y: 2}}}}
	customer = corpus.Customer{Name: "Ada", Where: struct{ Lat, Lon float32 }{1.5, -2}, Home: corpus.Point{X: 1, Y: math.Inf(1)}, Tags: corpus.Tags{"a", ""}, Index: corpus.Index{"x": -7}, Temp: ptr(corpus.Celsius(-1))}
	order    = corpus.Order{
		ID: "o-1", Placed: when, Within: time.Hour, Customer: customer, Lines: []corpus.Line{line, {}}, Notes: map[string]string{"": "x"},
		Gift: &line, Price: shared.Money{Units: 3, Currency: "EUR"}, Paid: true,
	}
	tree = corpus.Tree{"a": {"b": nil}, "c": {}}
	node = corpus.Node{Value: 1, Next: &corpus.Node{Value: 2}, Children: []corpus.Node{{Value: 3}}}
	wide = corpus.Wide{A: "a", J: "j"}
	base = corpus.Base{ID: "b", Created: when}
)

// samples are values for the methods of corpus.Echo, beside the zero values that all get.
var samples = map[string][]any{
	"Bool": {true}, "Int": {-1, math.MaxInt}, "Int8": {int8(-128)}, "Int16": {int16(-30000)}, "Rune": {'ß'}, "Int64": {int64(math.MinInt64)},
	"Uint": {uint(math.MaxUint)}, "Byte": {byte(255)}, "Uint16": {uint16(65535)}, "Uint32": {uint32(1 << 31)}, "Uint64": {uint64(math.MaxUint64)},
	"Float32": {float32(1.5)}, "Float64": {0.1, math.Inf(-1)}, "String": {"x", strings.Repeat("long", 100)}, "Bytes": {[]byte{}, []byte("b")},
	"Time": {when}, "Duration": {time.Minute}, "Month": {time.May}, "Any": {"x", 1.5, []any{"a", int64(1)}, map[string]any{"k": true}},
	"Celsius": {corpus.Celsius(36.6)}, "Name": {corpus.Name("n")}, "Level": {corpus.Level(-5)}, "Switch": {corpus.Switch(true)},
	"Blob": {corpus.Blob{}, corpus.Blob{1}}, "Octets": {[]corpus.Octet{1, 2}}, "Tags": {corpus.Tags{}, corpus.Tags{"a"}},
	"Index": {corpus.Index{"a": 1}, corpus.Index{}}, "Moment": {when},
	"Strings": {[]string{}, []string{"a", "b"}}, "Numbers": {[][]int32{nil, {}, {1, -2}}}, "Array": {[3]float64{1, 2, 3}}, "Digest": {[4]byte{1, 2, 3, 4}},
	"ByName": {map[string][]corpus.Line{"a": {line}, "b": nil}}, "ByBool": {map[bool]uint8{true: 1}}, "ByDigest": {map[[2]byte]string{{1, 2}: "x"}},
	"Optional": {ptr(""), ptr("x")}, "OptionalInt": {ptr(0)}, "OptionalOrder": {&order, &corpus.Order{}}, "OptionalList": {&[]string{"a"}}, "Twice": {ptr(ptr(4))},
	"Times": {[]*time.Time{nil, &when}},
	"Point": {corpus.Point{X: 1, Y: -2}}, "Order": {order}, "Orders": {[]corpus.Order{order, {}}}, "Alias": {order}, "Line": {line},
	"Node": {node}, "Nodes": {[]*corpus.Node{nil, &node}}, "Holder": {corpus.Holder{Name: "h", Node: node, Tree: tree}}, "Tree": {tree},
	"Forest": {corpus.Forest{{}, nil, {{}}}}, "Even": {corpus.Even{Odd: &corpus.Odd{Evens: []corpus.Even{{}}}}}, "Odd": {corpus.Odd{Evens: []corpus.Even{{Odd: &corpus.Odd{}}}}},
	"Nothing": {}, "Wide": {[]corpus.Wide{wide}}, "WideByName": {map[string]corpus.Wide{"w": wide}}, "Fleet": {corpus.Fleet{Ships: []corpus.Page[corpus.Wide]{{Items: []corpus.Wide{wide}}}}},
	"Unnamed": {struct {
		A int `json:"a"`
		B []corpus.Point
	}{1, []corpus.Point{{}}}},
	"Lines": {corpus.Page[corpus.Line]{Items: []corpus.Line{line}, Next: "n"}}, "Ints": {corpus.Page[int]{Items: []int{1}}}, "Anys": {corpus.Page[any]{Items: []any{nil, "x"}}},
	"Maps":  {corpus.Page[map[string][]byte]{Items: []map[string][]byte{nil, {"a": {1}}}}},
	"Pages": {corpus.Page[corpus.Page[shared.Color]]{Items: []corpus.Page[shared.Color]{{Next: "x"}}}}, "Structs": {corpus.Page[struct{ X int }]{Items: []struct{ X int }{{1}}}},
	"Pair": {corpus.Pair[corpus.Name, *corpus.Point]{Key: "k", Value: &corpus.Point{X: 1}}}, "Pairs": {[]corpus.Pair[string, shared.Order]{{Key: "k", Value: shared.Order{Number: 1}}}},
	"Embeds": {corpus.Embeds{Base: base, Name: "n"}}, "EmbedsPointer": {corpus.EmbedsPointer{Base: &base, Name: "n"}}, "Shadows": {corpus.Shadows{ID: 1, Base: base}},
	"ForcesInline": {corpus.ForcesInline{ID: 1, Base: base}}, "KeepsWhole": {corpus.KeepsWhole{Base: base, Name: "n"}}, "Hides": {corpus.Hides{ID: 1, Base: base}},
	"EmbedsForeign": {corpus.EmbedsForeign{Stamped: shared.Stamped{By: "b"}, Note: "n"}}, "EmbedsTime": {corpus.EmbedsTime{Time: when}}, "EmbedsScalar": {corpus.EmbedsScalar{Name: "n", Level: 1}},
	"Omits": {
		corpus.Omits{Text: "t", Count: 1, On: true, List: []string{"l"}, Map: map[string]int{"m": 1}, At: when, Point: &corpus.Point{}, Hex: corpus.Hex{1}, Any: "a", Data: []byte{1}, Always: 1, Index: map[corpus.Name]*corpus.Celsius{"i": nil}},
		corpus.Omits{List: []string{}, Map: map[string]int{}, Hex: corpus.Hex{}, Data: []byte{}},
	},
	"OmitsFloats": {corpus.OmitsFloats{Float: math.Copysign(0, -1), Point: corpus.Point{X: 1}}}, "OmitsAll": {corpus.OmitsAll{A: 1}}, "Aliased": {corpus.Aliased{New: 1, Other: "o", Old2: "2", Odd: "q"}},
	"Instant": {corpus.Instant{Time: when}}, "Dated": {corpus.Dated{Time: when, Note: "n"}}, "DatedAgain": {corpus.DatedAgain{Instant: corpus.Instant{Time: when}, Note: "n"}},
	"DatedLater": {corpus.DatedLater{Instant: &corpus.Instant{Time: when}, Note: "n"}}, "DatedItself": {corpus.DatedItself{Time: when, Note: "n"}},
	"JSONTags": {corpus.JSONTags{
		Base: base, Dash: "d", Raw: json.RawMessage(`{"b":[1,null,true],"a":0.1}`), Number: "18446744073709551615", Level: slog.LevelWarn,
		Hand: []corpus.Suit{3, 0}, Pair: [2]corpus.Suit{1, 2}, Count: map[corpus.Suit]int{2: 13}, By: map[slog.Level]int{slog.LevelError: 1},
	}},
	"Quoted":     {corpus.Quoted{ID: math.MinInt64, Ratio: ptr(0.1), On: true, Name: `"n"`}},
	"OmitsZero":  {corpus.OmitsZero{At: when, Then: &when, Instant: corpus.Instant{Time: when}, List: []string{}, Count: 1, Both: []int{}}},
	"OmitsZeros": {corpus.OmitsZeros{Point: corpus.Point{X: 1}, Dated: corpus.Dated{Note: "kept"}, Float: math.Copysign(0, -1), Any: ""}},
	"Hand":       {[]corpus.Suit{}, []corpus.Suit{0, 1}}, "BySuit": {map[corpus.Suit]string{3: "x"}}, "Raw": {json.RawMessage(`"x"`), json.RawMessage(`[{}]`)}, "Numbering": {[]json.Number{"1", "-2.5", "1e100"}},
	"Hex": {corpus.Hex{0xab}}, "Packed": {[]corpus.Packed{corpus.NewPacked(1, 2)}}, "Custom": {map[string]corpus.Custom{"c": {N: 7}}}, "Money": {shared.Money{Units: -1, Currency: "EUR"}},
	"SharedOrder": {[]shared.Order{{Number: 1}}}, "Color": {shared.Color("red")}, "URL": {url.URL{Scheme: "http", Host: "h"}}, "Query": {url.Values{"a": {"b", "c"}}}, "Addr": {netip.MustParseAddr("127.0.0.1")},
}

// serveCorpus serves an implementation twice: by generated code and by reflection.
func serveCorpus[S any](t *testing.T, env *heliumtest.Env, register func(*rpcserver.Server, string, S) error, impl S) (generated, reflected string) {
	t.Helper()
	srv := rpcserver.New(env.Conn("generated"), rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	if err := register(srv, "generated", impl); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	heliumtest.Serve(env, "reflected", impl)
	return "generated", "reflected"
}

func TestGeneratedCodeAndReflectionUnderstandEachOther(t *testing.T) {
	env := heliumtest.New(t)
	generated, reflected := serveCorpus(t, env, corpus.RegisterEcho, corpus.NewEcho())
	clientOf := map[string]corpus.Echo{
		generated: corpus.NewEchoClientFor(env.Client, generated),
		reflected: corpus.NewEchoClientFor(env.Client, reflected),
	}
	for method := range reflect.TypeFor[corpus.Echo]().Methods() {
		typ := method.Type.In(1)
		values, ok := samples[method.Name]
		if !ok {
			t.Errorf("there is no sample for method %s", method.Name)
		}
		for _, value := range append([]any{reflect.Zero(typ).Interface()}, values...) {
			sent := reflect.New(typ).Elem()
			if value != nil {
				sent.Set(reflect.ValueOf(value))
			}
			name := "." + signature.WireName(method.Name)
			want, wantErr := callReflected(t, env, reflected+name, sent)
			for _, tt := range []struct {
				way  string
				call func() (any, error)
			}{
				{"reflection calls generated code", func() (any, error) { return callReflected(t, env, generated+name, sent) }},
				{"generated code calls reflection", func() (any, error) { return callGenerated(t, clientOf[reflected], method.Name, sent) }},
				{"generated code calls generated code", func() (any, error) { return callGenerated(t, clientOf[generated], method.Name, sent) }},
			} {
				got, err := tt.call()
				if !same(err, wantErr) {
					t.Errorf("%s: %s(%+v) failed with %v, want %v", tt.way, method.Name, value, err, wantErr)
				} else if err == nil && !reflect.DeepEqual(got, want) {
					t.Errorf("%s: %s(%+v) = %+v, want %+v", tt.way, method.Name, value, got, want)
				}
			}
		}
	}
}

// same compares errors of two services but for the services' names.
func same(a, b error) bool {
	if a == nil || b == nil {
		return a == b
	}
	return helium.AsError(a).Message == helium.AsError(b).Message && helium.CodeOf(a) == helium.CodeOf(b) && helium.OutcomeOf(a) == helium.OutcomeOf(b)
}

func callReflected(t *testing.T, env *heliumtest.Env, method string, value reflect.Value) (any, error) {
	result := reflect.New(value.Type())
	err := env.Client.Call(t.Context(), method, result.Interface(), value.Interface())
	return result.Elem().Interface(), err
}

func callGenerated(t *testing.T, client corpus.Echo, method string, value reflect.Value) (any, error) {
	out := reflect.ValueOf(client).MethodByName(method).Call([]reflect.Value{reflect.ValueOf(t.Context()), value})
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

func TestWhatCannotBeReadIsExplainedAsByReflection(t *testing.T) {
	env := heliumtest.New(t)
	generated, reflected := serveCorpus(t, env, corpus.RegisterEcho, corpus.NewEcho())
	type m = map[string]any
	type l = []any
	for _, tt := range []struct {
		method string
		value  any
		want   string // within the message
	}{
		{"order", m{"lines": l{m{"quantity": 1}, m{"quantity": "many"}}}, `field "lines[1].quantity"`},
		{"order", m{"customer": m{"Index": m{"a": 1 << 40}}}, "out of range of int32"},
		{"order", m{"gift": 1}, `field "gift"`},
		{"order", m{"placed": "yesterday"}, "RFC 3339"},
		{"order", nil, "got nil"},
		{"line", m{"ByLevel": m{"x": nil}}, "got a string, want a number"},
		{"point", m{"X": nil}, "got nil, want a number"},
		{"point", l{1, 2}, "got an array, want a map"},
		{"strings", l{"a", nil}, "element [1]: got nil, want a string"},
		{"optional", 5, "got an integer, want a string"},
		{"byte", 256, "256 is out of range of uint8"},
		{"omits", m{"text": 1}, `field "text"`},
		{"hex", "xy", "UnmarshalText"},
		{"packed", l{[]byte{1}}, "want two bytes"},
		{"holder", m{"Node": m{"Children": l{m{"Value": "x"}}}}, `field "Node.Children[0].Value"`},
	} {
		body, err := msgpack.Marshal(l{tt.value})
		if err != nil {
			t.Fatal(err)
		}
		var messages []string
		for _, service := range []string{generated, reflected} {
			reply, err := env.Conn("bare").Request("helium.call."+service+"."+tt.method, body, 20*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, reply.Header.Get("Nats-Service-Error"))
		}
		if !strings.Contains(messages[0], tt.want) || messages[0] != messages[1] {
			t.Errorf("%s(%v): generated code says\n%q, want what reflection says\n%q, with %q", tt.method, tt.value, messages[0], messages[1], tt.want)
		}
	}
}

func TestResultsThatCannotBeReadAreExplained(t *testing.T) {
	env := heliumtest.New(t)
	srv := rpcserver.New(env.Conn("liar"), rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	liar := func(name, result string, write func(*codec.Writer)) rpcserver.Method {
		return rpcserver.Method{Name: name, Signature: name + "(any) " + result, Handler: func(_ context.Context, call *rpcserver.Call) error {
			write(&call.Result)
			return nil
		}}
	}
	err := srv.Handle(rpcserver.Service{Name: "echo", Methods: []rpcserver.Method{
		liar("order", "any", func(w *codec.Writer) { w.Value(map[string]any{"lines": []any{map[string]any{"sku": 7}}}) }),
		liar("int8", "any", func(w *codec.Writer) { w.Int(1000) }),
	}})
	if err == nil {
		err = srv.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })

	echo := corpus.NewEchoClient(env.Client)
	got, err := echo.Order(t.Context(), order)
	if want := `field "lines[0].sku"`; err == nil || !strings.Contains(err.Error(), want) || helium.OutcomeOf(err) != helium.Executed {
		t.Errorf("Order failed with %v (%v), want an executed call's error with %q", err, helium.OutcomeOf(err), want)
	}
	if !reflect.DeepEqual(got, corpus.Order{}) {
		t.Errorf("Order returned %+v with an error, want the zero value", got)
	}
	if n, err := echo.Int8(t.Context(), 1); n != 0 || err == nil || !strings.Contains(err.Error(), "out of range of int8") {
		t.Errorf("Int8 = %v, %v; want 0 and an error with the range", n, err)
	}
}

func TestAListOfLargeElementsTakesNoMoreMemoryThanByReflection(t *testing.T) {
	env := heliumtest.New(t)
	generated, _ := serveCorpus(t, env, corpus.RegisterEcho, corpus.NewEcho())
	empties := make([]struct{}, 200_000) // a byte each, and 160 in memory
	err := callUnchecked(t, env.Client, generated, "wide", empties)
	if !errors.Is(err, helium.ErrBadArgument) || !strings.Contains(err.Error(), "memory") {
		t.Errorf("a list of %d empty structs: error %v, want ErrBadArgument that speaks of memory", len(empties), err)
	}
	if err := callUnchecked(t, env.Client, generated, "wide", empties[:10_000]); err != nil {
		t.Errorf("a list of 10,000 empty structs: error %v, want none", err)
	}
}
