package gogen_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus"
	"github.com/helium-rpc/helium/internal/gogen/testdata/corpus/shared"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMethodsOfAllFormsCanBeCalled(t *testing.T) {
	env := heliumtest.New(t)
	generated, reflected := serveCorpus(t, env, corpus.Register, corpus.New())
	ctx := t.Context()
	for _, service := range []string{generated, reflected} {
		var s corpus.Service = corpus.NewClientFor(env.Client, service)
		check := func(what string, got any, err error, want any) {
			t.Helper()
			if err != nil {
				t.Errorf("%s: %s failed: %v", service, what, err)
				return
			}
			g, _ := json.Marshal(got)
			w, _ := json.Marshal(want)
			if string(g) != string(w) {
				t.Errorf("%s: %s = %s, want %s", service, what, g, w)
			}
		}
		sum, err := s.Sum(ctx)
		check("Sum()", sum, err, 0)
		sum, err = s.Sum(ctx, 1, 2.5)
		check("Sum(1, 2.5)", sum, err, 3.5)
		joined, err := s.Join(ctx, "-")
		check("Join(-)", joined, err, "")
		joined, err = s.Join(ctx, "-", "a", "b", "c")
		check("Join(-, a, b, c)", joined, err, "a-b-c")
		path, err := s.Path(ctx, corpus.Point{X: 1}, corpus.Point{Y: 2}, corpus.Point{})
		check("Path", path, err, []corpus.Point{{X: 1}, {Y: 2}, {}})
		widest, err := s.Widest(ctx, "abc", corpus.Wide{}, corpus.Wide{A: "12", J: "34"})
		check("Widest", widest, err, 7)
		octets, err := s.Octets(ctx, 1, 255)
		check("Octets", octets, err, []byte{1, 255})
		mixed, err := s.Mixed(ctx, 1, nil, "x")
		check("Mixed", mixed, err, 3)
		difference, err := s.NoContext(5, 3)
		check("NoContext", difference, err, 2)
		check("NoResult", nil, s.NoResult(ctx, "told"), nil)
		last, err := s.NoArguments(ctx)
		check("NoArguments", last, err, "told")
		check("Nothing", nil, s.Nothing(), nil)
		check("Close", nil, s.Close(), nil)
		unnamed, err := s.Unnamed(ctx, 2, "ab")
		check("Unnamed", unnamed, err, "abab")
		blank, err := s.Blank(ctx, 2, "ab")
		check("Blank", blank, err, "abab")
		awkward, err := s.Awkward(ctx, "a", "b", "c", "d", "e", "f", "g", "h", "i")
		check("Awkward", awkward, err, "abcdefghi")
		status, err := s.HTTPStatus(ctx, map[string]int{"status": 1}, 2)
		check("HTTPStatus", status, err, 3)
		typ, err := s.Type(ctx)
		check("Type", typ, err, "corpus")
		rest, err := s.Pay(ctx, shared.Money{Units: 2, Currency: "EUR"})
		check("Pay", rest, err, shared.Money{Units: 1, Currency: "EUR"})

		for which, want := range map[string]error{"first": corpus.ErrFirst, "second": corpus.ErrSecond, "": shared.ErrClosed} {
			if err := s.Fail(ctx, which); !errors.Is(err, want) {
				t.Errorf("%s: Fail(%q) = %v, want %v", service, which, err, want)
			}
		}
	}
}

func TestAVariadicArgumentThatCannotBeReadIsNamedByItsPosition(t *testing.T) {
	env := heliumtest.New(t)
	generated, _ := serveCorpus(t, env, corpus.Register, corpus.New())
	for _, tt := range []struct {
		args   []any
		method string
		want   string
	}{
		{[]any{1, 2, "x"}, "sum", "argument 3 (xs) of sum(xs ...float64) float64: got a string, want a number"},
		{[]any{"-", "a", 2}, "join", "argument 3 (words)"},
		{[]any{map[string]any{}, map[string]any{"X": "x"}}, "path", `argument 2 (rest) of path(start Point, rest ...Point) []Point: field "X": got a string`},
		{[]any{"", map[string]any{"A": 1}}, "widest", `argument 2 (all)`},
		{[]any{}, "join", "want at least 1"},
	} {
		body, err := msgpack.Marshal(tt.args)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := env.Conn("bare").Request("helium.call."+generated+"."+tt.method, body, 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if got := reply.Header.Get("Nats-Service-Error"); !strings.Contains(got, tt.want) {
			t.Errorf("%s%v answered error %q, want one with %q", tt.method, tt.args, got, tt.want)
		}
	}
}

func TestLargeVariadicArgumentsTakeNoMoreMemoryThanAList(t *testing.T) {
	env := heliumtest.New(t)
	generated, _ := serveCorpus(t, env, corpus.Register, corpus.New())
	many := make([]any, 200_001) // a byte each, and 160 in memory
	many[0] = ""
	for i := range many[1:] {
		many[1+i] = struct{}{}
	}
	if err := callUnchecked(t, env.Client, generated, "widest", many...); !errors.Is(err, helium.ErrBadArgument) || !strings.Contains(err.Error(), "memory") {
		t.Errorf("widest of %d empty structs: error %v, want ErrBadArgument that speaks of memory", len(many)-1, err)
	}
	if err := callUnchecked(t, env.Client, generated, "widest", many[:1000]...); err != nil {
		t.Errorf("widest of 999 empty structs: error %v, want none", err)
	}
}

// callUnchecked calls a method with arguments that a call by name would refuse to send.
func callUnchecked(t *testing.T, c *rpcclient.Client, service, method string, args ...any) error {
	call := c.Method(service, method, "", nil).Begin(len(args))
	for _, arg := range args {
		call.Args.Value(arg)
	}
	if err := call.Do(t.Context()); err != nil {
		return err
	}
	return call.End(nil)
}

func TestTheRegistryKnowsWhatTheCommentsSay(t *testing.T) {
	env := heliumtest.New(t)
	generated, _ := serveCorpus(t, env, corpus.Register, corpus.New())
	registry, err := binder.NewClient(env.Conn("reader"), "")
	if err != nil {
		t.Fatal(err)
	}
	records, err := registry.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	methods := make(map[string]binder.Method)
	for _, r := range records {
		if r.Service == generated {
			for _, m := range r.Methods {
				methods[m.Name] = m
			}
		}
	}
	sum, fail := methods["sum"], methods["fail"]
	if !sum.Idempotent || !strings.HasPrefix(sum.Doc, "Sum adds numbers up.") || sum.Example == nil || string(sum.Example.Result) != "6" {
		t.Errorf("the registry has %+v of sum; want it idempotent, with doc and example", sum)
	}
	var reasons []string
	for _, e := range fail.Errors {
		reasons = append(reasons, e.Reason)
	}
	if want := []string{"corpus.first", "corpus.second", "shared.closed"}; !slices.Equal(reasons, want) {
		t.Errorf("fail declares %q, want %q", reasons, want)
	}
}

func TestANilImplementationIsRefused(t *testing.T) {
	env := heliumtest.New(t)
	srv := rpcserver.New(env.Conn("server"), rpcserver.Config{})
	if err := corpus.Register(srv, "corpus", nil); err == nil || !strings.Contains(err.Error(), "nil") {
		t.Errorf("Register(nil) = %v, want an error that says so", err)
	}
}
