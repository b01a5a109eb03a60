package rpcclient_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// Order and its parts are what the service takes.
type Order struct {
	ID    string         `json:"id"`
	Lines []Line         `json:"lines"`
	Ship  *Address       `json:"ship"`
	Note  string         `json:"note,omitempty"`
	Marks map[string]Tag `json:"marks"`
	Extra any            `json:"extra"`
}

type Line struct {
	Article string `json:"article"`
	Pieces  int    `json:"pieces"`
}

type Address struct {
	Street string `json:"street"`
	City   string `json:"city"`
}

type Tag struct {
	Colour string `json:"colour"`
}

type Node struct {
	Value int    `json:"value"`
	Kids  []Node `json:"kids,omitempty"`
}

// orders counts what reaches it.
type orders struct{ calls *atomic.Int64 }

func (o orders) Place(_ context.Context, order Order) (Line, error) {
	o.calls.Add(1)
	if len(order.Lines) == 0 {
		return Line{order.ID, 0}, nil
	}
	return order.Lines[0], nil
}

func (o orders) PlaceAll(_ context.Context, note *string, lines ...Line) (int, error) {
	o.calls.Add(1)
	n := 0
	for _, l := range lines {
		n += l.Pieces
	}
	return n, nil
}

func (o orders) ByKey(_ context.Context, byKey map[string][]Line, ship *Address) (int, error) {
	o.calls.Add(1)
	return len(byKey), nil
}

func (o orders) Grow(_ context.Context, n Node) (int, error)        { o.calls.Add(1); return n.Value, nil }
func (o orders) Any(_ context.Context, v any) (any, error)          { o.calls.Add(1); return v, nil }
func (o orders) Tally(_ context.Context, of map[string]int) error   { o.calls.Add(1); return nil }
func (o orders) Nothing(context.Context) (*Address, error)          { o.calls.Add(1); return nil, nil }
func (o orders) After(_ context.Context, d time.Duration) error     { o.calls.Add(1); return nil }
func (o orders) Lines(_ context.Context, l []Line) ([]Line, error)  { o.calls.Add(1); return l, nil }
func (o orders) Ship(_ context.Context, a Address) (Address, error) { o.calls.Add(1); return a, nil }

type dict = map[string]any

func serveOrders(t *testing.T) (*heliumtest.Env, *atomic.Int64) {
	t.Helper()
	env := heliumtest.New(t)
	calls := new(atomic.Int64)
	heliumtest.Serve(env, "orders", orders{calls})
	return env, calls
}

// order returns an order that fits, changed in some place.
func order(change func(dict)) dict {
	o := dict{
		"id": "o1", "marks": dict{"a": dict{"colour": "red"}},
		"lines": []any{dict{"article": "bolt", "pieces": 3}, dict{"article": "nut", "pieces": 2}},
		"ship":  dict{"street": "Long", "city": "Lund"},
	}
	change(o)
	return o
}

func manyLines(n int) (lines []any) {
	for range n {
		lines = append(lines, dict{"Article": 1, "pieces": 2})
	}
	return lines
}

func TestACallByNameWithNamesThatAreNotTheMethodsIsRefusedBeforeItIsSent(t *testing.T) {
	env, calls := serveOrders(t)
	type line struct{ Article, Pieces any }
	type typo struct {
		Artikle string `json:"artikle"`
		Pieces  int    `json:"pieces"`
	}
	type opaque struct {
		Article string `json:"article"`
		Pieces  int    `json:"pieces"`
		Colour  *string
	}
	red := "red"
	for _, c := range []struct {
		name string
		call string
		args []any
		want []string
	}{
		{"names of Go's own", "place", []any{struct {
			ID    string
			Lines []Line
			Marks map[string]Tag
		}{}}, []string{"argument 1: ", `no field "ID"; did you mean "id"?`, `no field "Lines"; did you mean "lines"?`, "id string, lines []Line"}},
		{"a struct by a pointer", "ship", []any{&struct{ Street, City string }{"Long", "Lund"}}, []string{`no field "Street"; did you mean "street"?`}},
		{"a typo in a map", "place", []any{order(func(o dict) { o["nota"] = "x" })}, []string{`argument 1: there is no field "nota"; did you mean "note"? want {id string`}},
		{"a typo with nothing", "place", []any{order(func(o dict) { o["nota"] = nil })}, []string{`no field "nota"; did you mean "note"?`}},
		{"inside a list", "place", []any{order(func(o dict) { o["lines"].([]any)[1].(dict)["Pieces"] = 1 })}, []string{`argument 1: lines[1]: there is no field "Pieces"; did you mean "pieces"? want {article string, pieces int64}`}},
		{"a struct inside a list of any", "place", []any{order(func(o dict) { o["lines"] = []any{line{"bolt", 3}} })}, []string{`lines[0]: there is no field "Article"; did you mean "article"?`, `"Pieces"; did you mean "pieces"?`}},
		{"a list of another struct, empty even", "lines", []any{[]typo{}}, []string{`argument 1: []: there is no field "artikle"; did you mean "article"? want {article string, pieces int64}`}},
		{"a list of pointers", "lines", []any{[]*typo{{}}}, []string{`[]: there is no field "artikle"`}},
		{"inside a map", "place", []any{order(func(o dict) { o["marks"].(dict)["a"] = dict{"color": "red"} })}, []string{`argument 1: marks["a"]: there is no field "color"; did you mean "colour"?`}},
		{"inside a map, a struct", "place", []any{order(func(o dict) { o["marks"] = map[string]struct{ Color string }{"a": {"red"}} })}, []string{`marks["a"]: there is no field "Color"; did you mean "colour"?`}},
		{"inside a nested struct", "place", []any{order(func(o dict) { o["ship"] = &struct{ Street, City string }{} })}, []string{`ship: there is no field "Street"; did you mean "street"?`}},
		{"in an optional parameter", "byKey", []any{nil, dict{"street": "Long", "town": "Lund"}}, []string{`argument 2: there is no field "town"; the field "city" is missing; want {street string, city string}`}},
		{"in a map of lists", "byKey", []any{map[string][]typo{"a": nil}, nil}, []string{`argument 1: [key][]: there is no field "artikle"`}},
		{"in a map of lists of maps", "byKey", []any{map[string]any{"a": []dict{{"article": "x", "pieces": 1}, {"article": "x", "peices": 1}}}, nil}, []string{`argument 1: ["a"][1]: there is no field "peices"; did you mean "pieces"?`}},
		{"among variadic ones", "placeAll", []any{nil, Line{"bolt", 1}, dict{"article": "nut", "pices": 2}, Line{}, typo{}}, []string{`argument 5: there is no field "artikle"`}},
		{"among variadic ones, a value", "placeAll", []any{nil, Line{"bolt", 1}, dict{"article": "nut", "pices": 2}, &Line{}}, []string{`argument 3: there is no field "pices"; did you mean "pieces"?`}},
		{"in a type that contains itself", "grow", []any{dict{"value": 1, "kids": []any{dict{"value": 2, "kids": []dict{{"valve": 3}}}}}}, []string{`kids[0].kids[0]: there is no field "valve"; did you mean "value"?`}},
		{"a required field that is missing", "ship", []any{dict{"street": "Long"}}, []string{`the field "city" is missing; want {street string, city string}`}},
		{"one missing from a struct", "ship", []any{struct {
			Street string `msgpack:"street"`
		}{"Long"}}, []string{`the field "city" is missing`}},
		{"one that a tag leaves out", "ship", []any{struct {
			Street string `json:"street"`
			City   string `json:"city,omitempty"`
		}{"Long", ""}}, []string{`the field "city" is missing`}},
		{"a field that is set and may not be there", "lines", []any{[]opaque{{}, {Colour: &red}}}, []string{`[0]: there is no field "Colour"`}},
		{"two arguments", "byKey", []any{dict{"a": []any{dict{}}}, dict{"Street": 1}}, []string{`argument 1: ["a"][0]: the field "article" is missing; the field "pieces" is missing; want`, `argument 2: there is no field "Street"; did you mean "street"? the field "city" is missing; want`}},
		{"more faults than anybody reads", "byKey", []any{dict{"a": make([]dict, 100), "b": manyLines(100)}, nil}, []string{`argument 1: ["b"][0]: there is no field "Article"`, `argument 1: ["b"][19]: there`}},
		{"optional fields alone, of other names", "grow", []any{struct {
			Valve *int `json:"valve,omitempty"`
		}{}}, []string{`there is no field "valve"; did you mean "value"?`}},
	} {
		for again := range 2 { // the second time from what is known of the type
			err := env.Client.Call(t.Context(), "orders."+c.call, nil, c.args...)
			checkFailure(t, c.name, err, failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: append(c.want, c.call+"(")})
			if err := env.Client.Notify(t.Context(), "orders."+c.call, c.args...); err == nil {
				t.Errorf("%s: Notify, time %d: sent, want an error", c.name, again)
			}
		}
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("%d calls reached the service, want none", n)
	}
}

func TestACallByNameMayLeaveOutWhatIsOptionalAndSendAnyShapeThatFits(t *testing.T) {
	env, calls := serveOrders(t)
	type address struct {
		City   string `json:"city"`
		Street string `json:"street"`
	}
	type embedded struct {
		address2
		City string `json:"city"`
	}
	type fewer struct {
		Article string  `json:"article"`
		Pieces  *uint8  `json:"pieces"`
		Colour  *string `json:"colour,omitempty"`
	}
	three := uint8(3)
	plain := order(func(o dict) { delete(o, "ship"); delete(o, "extra") })
	for _, c := range []struct {
		call string
		args []any
	}{
		{"place", []any{order(func(dict) {})}},
		{"place", []any{plain}},
		{"place", []any{&plain}},
		{"place", []any{Order{}}},
		{"place", []any{&Order{Extra: dict{"anything": line2{}}}}},
		{"place", []any{order(func(o dict) { o["extra"] = dict{"Lines": 1}; o["note"] = nil; o["ship"] = nil })}},
		{"place", []any{order(func(o dict) { o["lines"] = []*Line{{"bolt", 1}}; o["marks"] = nil })}},
		{"place", []any{map[any]any{"id": "o1", "lines": nil, "marks": map[any]any{}}}},
		{"ship", []any{address{"Lund", "Long"}}},
		{"ship", []any{map[string]string{"street": "Long", "city": "Lund"}}},
		{"ship", []any{embedded{address2{"Long"}, "Lund"}}},
		{"placeAll", []any{nil}},
		{"placeAll", []any{"x", Line{}, &Line{}, map[string]any{"article": "", "pieces": 1}}},
		{"byKey", []any{nil, nil}},
		{"byKey", []any{map[string][]Line{}, address{}}},
		{"byKey", []any{struct {
			A []Line `json:"a"`
			B []any
		}{}, (*Address)(nil)}},
		{"grow", []any{Node{1, []Node{{2, nil}}}}},
		{"grow", []any{dict{"value": 1}}},
		{"lines", []any{[]fewer{{"bolt", &three, nil}}}},
		{"any", []any{struct{ Whatever int }{1}}},
		{"tally", []any{struct{ A, B int }{1, 2}}},
		{"after", []any{time.Second}},
		{"nothing", nil},
	} {
		before := calls.Load()
		for range 2 {
			if err := env.Client.Call(t.Context(), "orders."+c.call, nil, c.args...); err != nil {
				t.Errorf("%s(%+v): %v", c.call, c.args, err)
			}
		}
		if got := calls.Load() - before; got != 2 {
			t.Errorf("%s(%+v) ran %d times, want 2", c.call, c.args, got)
		}
	}
	got, err := rpcclient.Call[Line](t.Context(), env.Client, "orders.place", order(func(dict) {}))
	if err != nil || got != (Line{"bolt", 3}) {
		t.Errorf("place returned %v, %v; want %v", got, err, Line{"bolt", 3})
	}
}

type address2 struct {
	Street string `json:"street"`
}

type line2 struct{ Article string }

func TestWhatTheMethodsServerWouldRefuseIsStillRefusedByIt(t *testing.T) {
	env, calls := serveOrders(t)
	for _, c := range []struct {
		call string
		arg  any
	}{
		{"ship", 5}, {"ship", nil}, {"ship", []int{1}}, {"ship", (*Address)(nil)}, {"ship", map[int]string{1: "a"}},
		{"lines", "text"}, {"lines", []any{nil}}, {"lines", []int{1}}, {"place", order(func(o dict) { o["lines"] = 5 })},
	} {
		err := env.Client.Call(t.Context(), "orders."+c.call, nil, c.arg)
		if helium.CodeOf(err) != helium.CodeInvalidArgument || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("%s(%v): %v, want InvalidArgument, not executed", c.call, c.arg, err)
		}
	}
	if n := calls.Load(); n > 0 {
		t.Errorf("%d calls ran, want none", n)
	}
}

func TestAResultGoesWhereAStubsWould(t *testing.T) {
	env, calls := serveOrders(t)
	line := Line{"bolt", 3}
	for _, c := range []struct {
		result any
		want   string // in the error; "" if it fits
	}{
		{&struct{ Article string }{}, "field Article isn't in the method's result; leave it out"},
		{&struct {
			Article string `json:"article"`
			Peices  int    `json:"peices"`
		}{}, "field peices isn't in the method's result; leave it out"},
		{&[]struct{ Article string }{}, "[]{Article string}, want Line"},
		{&struct {
			Peices *int `json:"peices"`
		}{}, "share no field"},
		{&struct {
			Article string `json:"article"`
		}{}, ""},
		{&map[string]any{}, ""},
		{new(any), ""},
	} {
		before := calls.Load()
		err := env.Client.Call(t.Context(), "orders.place", c.result, order(func(dict) {}))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("into %T: %v", c.result, err)
		case c.want != "":
			checkFailure(t, c.want, err, failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{c.want}})
			if calls.Load() != before {
				t.Errorf("into %T: the method ran", c.result)
			}
		}
	}
	var found map[string]any
	if err := env.Client.Call(t.Context(), "orders.place", &found, order(func(dict) {})); err != nil || found["article"] != line.Article {
		t.Errorf("got %v, %v; want %v", found, err, line)
	}
}

func TestAStubWithoutTypesForItsStructsIsHeldToTheMethodsNamesToo(t *testing.T) {
	env, calls := serveOrders(t)
	var stub struct {
		Ship     func(context.Context, map[string]any) (map[string]any, error)
		PlaceAll func(note *string, lines ...any) (int, error)
		ByKey    func(context.Context, any, *Address) (int, error)
	}
	if err := env.Client.Bind("orders", &stub); err != nil {
		t.Fatal(err)
	}
	if _, err := stub.Ship(t.Context(), dict{"street": "Long", "city": "Lund"}); err != nil {
		t.Error(err)
	}
	if n, err := stub.PlaceAll(nil, dict{"article": "nut", "pieces": 2}, &Line{"bolt", 1}); err != nil || n != 3 {
		t.Errorf("PlaceAll: %v, %v; want 3", n, err)
	}
	if _, err := stub.ByKey(t.Context(), nil, &Address{}); err != nil {
		t.Error(err)
	}
	before := calls.Load()
	_, ship := stub.Ship(t.Context(), dict{"street": "Long", "City": "Lund"})
	_, all := stub.PlaceAll(nil, Line{}, line2{"nut"})
	_, byKey := stub.ByKey(t.Context(), dict{"a": []dict{{"pieces": 1}}}, nil)
	for _, c := range []struct {
		err  error
		want string
	}{
		{ship, `argument 1: there is no field "City"; did you mean "city"?`},
		{all, `argument 3: there is no field "Article"; did you mean "article"? the field "pieces" is missing`},
		{byKey, `argument 1: ["a"][0]: the field "article" is missing`},
	} {
		checkFailure(t, c.want, c.err, failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{c.want}})
	}
	if calls.Load() != before {
		t.Error("a call with wrong names reached the service")
	}
}

// newOrders is a later version, which has a field more.
type newOrders struct{ calls *atomic.Int64 }

func (o newOrders) Ship(_ context.Context, a struct {
	Street  string  `json:"street"`
	City    string  `json:"city"`
	Country *string `json:"country"`
}) (string, error) {
	o.calls.Add(1)
	return a.City, nil
}

func TestACallGoesToAnInstanceThatKnowsItsNames(t *testing.T) {
	env, calls := serveOrders(t)
	ctx := t.Context()
	withCountry := dict{"street": "Long", "city": "Lund", "country": "SE"}
	ship := func(c *rpcclient.Client, address dict) error { return c.Call(ctx, "orders.ship", nil, address) }
	if err := ship(env.Client, withCountry); err == nil || !strings.Contains(err.Error(), `no field "country"`) {
		t.Fatalf("before the new version: %v, want an error about country", err)
	}
	later := new(atomic.Int64)
	srv := heliumtest.ServeWith(env, rpcserver.Config{Version: "2.0.0"}, "orders", newOrders{later})
	eventually(t, func() error { return ship(env.Client, withCountry) })
	before, n := calls.Load(), later.Load()
	for range 20 {
		if err := ship(env.Client, withCountry); err != nil {
			t.Fatalf("with a new instance: %v", err)
		}
	}
	if old, new := calls.Load()-before, later.Load()-n; old != 0 || new != 20 {
		t.Errorf("%d calls went to the instance that would lose the country and %d to the new one, want 0 and 20", old, new)
	}
	eventually(t, func() error {
		if err := ship(env.Client, dict{"street": "Long", "city": "Lund"}); err != nil {
			t.Fatalf("without the new field: %v", err)
		}
		if calls.Load() == before {
			return errors.New("no call without the new field went to the old instance")
		}
		return nil
	})
	if err := ship(env.Client.At(srv.Instance()), withCountry); err != nil {
		t.Errorf("at the new instance: %v", err)
	}
	for _, c := range []*rpcclient.Client{env.Client, env.Client.At(srv.Instance())} {
		err := ship(c, dict{"street": "Long", "city": "Lund", "county": "SE"})
		checkFailure(t, "a typo", err, failure{is: helium.ErrMismatch, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{`no field "county"`}})
	}
}
