package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// kinds returns what it is given, in each kind of type.
type kinds struct{}

func (kinds) Text(s string) string               { return s }
func (kinds) Whole(n int64) int64                { return n }
func (kinds) Natural(n uint64) uint64            { return n }
func (kinds) Small(n int8) int8                  { return n }
func (kinds) Flag(b bool) bool                   { return b }
func (kinds) Blob(b []byte) []byte               { return b }
func (kinds) When(t time.Time) time.Time         { return t }
func (kinds) Wait(d time.Duration) time.Duration { return d }
func (kinds) List(xs []int64) []int64            { return xs }
func (kinds) Maybe(n *int64) *int64              { return n }
func (kinds) Anything(v any) any                 { return v }
func (kinds) Move(p point, by ...int64) point    { return point{p.X + float64(len(by)), p.Label} }
func (kinds) Nothing()                           {}
func (kinds) Said(ctx context.Context, key string) string {
	return helium.MetadataFrom(ctx)[key]
}
func (kinds) Fail(reason string) error {
	return helium.NewError(helium.CodeFailedPrecondition, reason, "as it was asked to")
}
func (kinds) Panic() { panic("as it was asked to") }

type point struct {
	X     float64
	Label string
}

// serve serves a value until the test ends.
func serve[S any](t *testing.T, b *broker.Broker, name string, impl S) *rpcserver.Server {
	t.Helper()
	nc, err := b.Connect(name)
	check(t, err)
	srv := rpcserver.New(nc, rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, rpcserver.Register(srv, name, impl))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) }) // a call may be cut on purpose
	return srv
}

func TestValuesOfEveryTypeComeBackAsTheyWent(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	for _, test := range []struct{ method, word, want string }{
		{"text", "2", `"2"`},
		{"text", "", `""`},
		{"text", "a < b & c", `"a < b & c"`},
		{"text", "naïve ☃", `"naïve ☃"`},
		{"whole", "9007199254740993", "9007199254740993"},
		{"whole", "-9223372036854775808", "-9223372036854775808"},
		{"natural", "18446744073709551615", "18446744073709551615"},
		{"small", "-128", "-128"},
		{"flag", "true", "true"},
		{"blob", "aGk=", `"aGk="`},
		{"when", "2026-01-02T03:04:05.000000006Z", `"2026-01-02T03:04:05.000000006Z"`},
		{"wait", "1h30m", `"1h30m0s"`},
		{"wait", "-250ms", `"-250ms"`},
		{"wait", "1500", `"1.5µs"`},
		{"wait", `:="2h"`, `"2h0m0s"`},
		{"list", "[9007199254740993]", "[9007199254740993]"},
		{"list", "[]", "[]"},
		{"maybe", "null", "null"},
		{"maybe", "7", "7"},
		{"anything", "7", `"7"`},
		{"anything", ":=9007199254740993", "9007199254740993"},
		{"anything", `:={"a":[1,2.5,"x",null]}`, `{"a":[1,2.5,"x",null]}`},
		{"move", `{"X":1,"Label":"a"}`, `{"X":1,"Label":"a"}`},
	} {
		r := heliumRun(t, "call", "kinds."+test.method, test.word, "-o", "ndjson")
		if got := strings.TrimSuffix(r.out, "\n"); r.exit != cli.ExitOK || got != test.want {
			t.Errorf("%s %s: got exit %d and %s, want %s; it says:\n%s", test.method, test.word, r.exit, got, test.want, r.err)
		}
	}
}

func TestValuesBehindTwoDashesAreSentAsTheyStand(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, word := range []string{"a=b", ":=5", "-2", "--help", "@file"} {
		r := heliumRun(t, "call", "kinds.text", "-s", url, "-o", "raw", "--", word)
		if r.exit != cli.ExitOK || r.out != word+"\n" {
			t.Errorf("-- %s: got exit %d and %q, want it back; it says:\n%s", word, r.exit, r.out, r.err)
		}
	}
	if r := heliumRun(t, "call", "kinds.text", "-s", url, "a=b"); r.exit != cli.ExitArguments {
		t.Errorf("a=b: got exit %d, want %d: no parameter has that name", r.exit, cli.ExitArguments)
	}
}

func TestANegativeNumberBehindAFlagWithoutAValueIsAnArgument(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, args := range [][]string{{"--all", "-2"}, {"-oraw", "-2"}, {"--bus-only", "-2"}, {"--timeout=1m", "-2"}} {
		r := heliumRun(t, append([]string{"call", "kinds.whole", "-s", url, "-o", "raw"}, args...)...)
		if r.exit != cli.ExitOK || r.out != "-2\n" {
			t.Errorf("%q: got exit %d and %q, want -2; it says:\n%s", args, r.exit, r.out, r.err)
		}
	}
}

func TestAResultHasItsFormByTheFlag(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for _, test := range []struct{ form, method, word, want string }{
		{"table", "text", "x", "\"x\"\n"},
		{"json", "text", "x", "\"x\"\n"},
		{"raw", "text", "a \"quoted\" word", "a \"quoted\" word\n"},
		{"raw", "whole", "5", "5\n"},
		{"table", "list", "[1,2]", "[\n  1,\n  2\n]\n"},
		{"ndjson", "list", "[1,2]", "[1,2]\n"},
		{"table", "nothing", "", "null\n"},
	} {
		args := []string{"call", "kinds." + test.method, "-s", url, "-o", test.form}
		if test.word != "" {
			args = append(args, test.word)
		}
		if r := heliumRun(t, args...); r.exit != cli.ExitOK || r.out != test.want {
			t.Errorf("%q: got exit %d and %q, want %q; it says:\n%s", args, r.exit, r.out, test.want, r.err)
		}
	}
}

func TestMetadataTravelsAndOneInstanceIsCalled(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	one, two := &counted{}, &counted{}
	serve(t, b, "counted", one)
	second := serve(t, b, "counted", two)
	serve(t, b, "kinds", kinds{})

	r := heliumRun(t, "call", "kinds.said", "who", "--metadata", "who=Ada=Byron", "--metadata", "why=x", "-o", "raw")
	if want := "Ada=Byron\n"; r.out != want {
		t.Errorf("got %q, want %q; it says:\n%s", r.out, want, r.err)
	}
	for range 10 {
		if r := heliumRun(t, "call", "counted.count", "--at", second.Instance()); r.exit != cli.ExitOK {
			t.Fatal(r.err)
		}
	}
	if got := one.calls.Load(); got != 0 {
		t.Errorf("the other instance ran %d calls, want 0", got)
	}
	if got := two.calls.Load(); got != 10 {
		t.Errorf("the instance ran %d calls, want 10", got)
	}
}

func TestAKeyPicksTheInstanceOfACall(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	instances := make(map[string]*counted)
	for range 3 {
		impl := new(counted)
		instances[serve(t, b, "counted", impl).Instance()] = impl
	}
	first := func(key string) *counted { // as docs/protocol.md says
		names := slices.Collect(maps.Keys(instances))
		return instances[slices.MaxFunc(names, func(a, b string) int {
			return cmp.Compare(wire.Weight(wire.Hash(key), wire.Hash(a)), wire.Weight(wire.Hash(key), wire.Hash(b)))
		})]
	}
	for _, key := range []string{"customer-1", "customer-2", "customer-3", "a b"} {
		before := first(key).calls.Load()
		for range 3 {
			if r := heliumRun(t, "call", "counted.count", "--key", key); r.exit != cli.ExitOK {
				t.Fatal(r.err)
			}
		}
		if got := first(key).calls.Load() - before; got != 3 {
			t.Errorf("the instance of the key %q ran %d calls, want 3", key, got)
		}
	}
}

func TestACallWithAnIdempotencyKeyRunsOnce(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	impl := new(counted)
	serve(t, b, "counted", impl)
	serve(t, b, "counted", impl)
	for _, key := range []string{"order-1", "order-2"} {
		first := heliumRun(t, "call", "counted.count", "--idempotency-key", key)
		again := heliumRun(t, "call", "counted.count", "--idempotency-key", key)
		if first.exit != cli.ExitOK || again.exit != cli.ExitOK || first.out != again.out {
			t.Errorf("got %q and %q, want the same twice; they say:\n%s%s", first.out, again.out, first.err, again.err)
		}
	}
	if got := impl.calls.Load(); got != 2 {
		t.Errorf("the instances ran %d calls of two keys, want 2", got)
	}
}

// counted counts its calls.
type counted struct{ calls atomic.Int64 }

func (c *counted) Count() int64 { return c.calls.Add(1) }

func TestABareMethodIsCalledWhileOnlyOneServiceHasIt(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	serve(t, b, "kinds", kinds{})
	serve(t, b, "text", &counted{}) // a service with the name of another's method
	if r := heliumRun(t, "call", "text", "x", "-o", "raw"); r.exit != cli.ExitOK || r.out != "x\n" {
		t.Errorf("got exit %d and %q, want the method text of kinds; it says:\n%s", r.exit, r.out, r.err)
	}
	serve(t, b, "one", &counted{})
	if r := heliumRun(t, "call", "count"); r.exit != cli.ExitUnknown || !strings.Contains(r.err, "one") || !strings.Contains(r.err, "next") {
		t.Errorf("two services have it: got exit %d and %q, want %d and the services", r.exit, r.err, cli.ExitUnknown)
	}
	if r := heliumRun(t, "call", "kinds"); r.exit != cli.ExitUsage || !strings.Contains(r.err, "is a service") {
		t.Errorf("a service alone: got exit %d and %q, want %d", r.exit, r.err, cli.ExitUsage)
	}
}

func TestAServicesOwnErrorsEndWith8WhateverTheirCode(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	srv := serve(t, b, "kinds", kinds{})
	for _, test := range []struct {
		args   []string
		exit   int
		reason string
	}{
		{[]string{"kinds.fail", "shop.sold_out"}, cli.ExitMethod, "shop.sold_out"},
		{[]string{"kinds.panic"}, cli.ExitMethod, "helium.panic"},
		{[]string{"kinds.small", "300"}, cli.ExitArguments, "helium.bad_argument"},
		{[]string{"kinds.text"}, cli.ExitArguments, "helium.bad_argument"},
	} {
		r := heliumRun(t, append([]string{"call", "-o", "json"}, test.args...)...)
		var told struct{ Error cli.Report }
		check(t, json.Unmarshal([]byte(r.err), &told))
		if r.exit != test.exit || told.Error.Exit != test.exit || told.Error.Reason != test.reason {
			t.Errorf("%q: got exit %d (told as %d) and reason %q, want %d and %q", test.args, r.exit, told.Error.Exit, told.Error.Reason, test.exit, test.reason)
		}
		if ran := test.exit == cli.ExitMethod; (told.Error.Instance == srv.Instance()) != ran || (told.Error.Outcome == "executed") != ran {
			t.Errorf("%q: got instance %q and outcome %q; want those of the instance if it ran (%t)", test.args, told.Error.Instance, told.Error.Outcome, ran)
		}
		if told.Error.Service != "kinds" || told.Error.Next == "" || told.Error.TookMS <= 0 {
			t.Errorf("%q: got %+v, want a service, a time and what to do next", test.args, told.Error)
		}
	}
}

func TestEachLineIsACallAndAnswersComeInOrder(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	parallel := &parallelism{met: make(chan struct{})}
	serve(t, b, "parallelism", parallel)
	var lines, want strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, "[%d]\n\n", i)
		fmt.Fprintf(&want, "{\"result\":%d}\n", i)
	}
	r := heliumRunWith(t, strings.NewReader(lines.String()), "call", "parallelism.same", "--each", "-P", "8")
	if r.exit != cli.ExitOK || r.out != want.String() {
		t.Errorf("got exit %d and\n%s\nwant the numbers from 0 to 299; it says:\n%s", r.exit, r.out, r.err)
	}
	if most := parallel.most.Load(); most > 8 || most < 2 {
		t.Errorf("got up to %d calls in flight, want more than one and at most 8", most)
	}
	if r.err != "" {
		t.Errorf("got %q on stderr, want no bar where no terminal is", r.err)
	}
}

// parallelism counts how many of its calls run at once. The first waits for a second.
type parallelism struct {
	now, most atomic.Int64
	met       chan struct{} // closed once two calls run
	once      sync.Once
}

func (p *parallelism) Same(ctx context.Context, n int64) (int64, error) {
	now := p.now.Add(1)
	defer p.now.Add(-1)
	for {
		most := p.most.Load()
		if now <= most || p.most.CompareAndSwap(most, now) {
			break
		}
	}
	if now > 1 {
		p.once.Do(func() { close(p.met) })
	}
	select {
	case <-p.met:
		time.Sleep(time.Millisecond) // work, so that more can meet
		return n, nil
	case <-ctx.Done():
		return n, ctx.Err()
	}
}

func TestALineThatFailsDoesntStopTheOthersAndDecidesTheExitCode(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	serve(t, b, "kinds", kinds{})
	file := writeFile(t, "calls.ndjson", []byte("[1]\n[300]\nnonsense\n[4]"))
	r := heliumRun(t, "call", "kinds.small", "--each", "-d", "@"+file)
	lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("got %d lines, want 4:\n%s", len(lines), r.out)
	}
	for i, want := range []string{`{"result":1}`, `{"error":{"code":"invalid_argument"`, `{"error":{"code":"invalid_argument"`, `{"result":4}`} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d: got %s, want %s…", i+1, lines[i], want)
		}
	}
	if want := "2 of 4 calls failed"; r.exit != cli.ExitArguments || !strings.Contains(r.err, want) {
		t.Errorf("got exit %d and %q, want %d and %q", r.exit, r.err, cli.ExitArguments, want)
	}
	r = heliumRun(t, "call", "kinds.small", "--each", "-o", "raw", "-d", "@"+file)
	if want := "1\n\n\n4\n"; r.out != want || !strings.Contains(r.err, "call 2: helium:") {
		t.Errorf("raw: got %q and %q, want %q and the errors on stderr", r.out, r.err, want)
	}
}

func TestTheBarOfManyCallsShowsHowFarTheyAre(t *testing.T) {
	var seen lockedBuffer
	bar := cli.StartProgressBar(&seen, "math.add", 3)
	for range 3 {
		bar.Add()
	}
	bar.Stop()
	bar.Stop() // as the deferred one does
	if got := seen.String(); !strings.Contains(got, "math.add") || !strings.Contains(got, "[3 in") {
		t.Errorf("got %q, want the method and that all is done", got)
	}
}

func TestACallToAllPrintsALineForEachInstance(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	want := []string{serve(t, b, "kinds", kinds{}).Instance(), serve(t, b, "kinds", kinds{}).Instance()}
	slices.Sort(want)
	for _, test := range []struct {
		args []string
		line string // after the instance
	}{
		{[]string{"kinds.whole", "9007199254740993"}, "%s   9007199254740993"},
		{[]string{"kinds.blob", "aGk="}, `%s   "aGk="`},
		{[]string{"kinds.move", "-d", `{"arg1":{"X":1,"Label":"a"},"arg2":[]}`}, `%s   {"X":1,"Label":"a"}`},
		{[]string{"kinds.nothing"}, "%s   null"},
		{[]string{"kinds.text", "Ada", "-o", "json"}, `{"instance":"%s","result":"Ada"}`},
		{[]string{"kinds.maybe", "null", "-o", "ndjson"}, `{"instance":"%s","result":null}`},
		{[]string{"kinds.said", "tenant", "--metadata", "tenant=acme"}, `%s   "acme"`},
	} {
		r := heliumRun(t, append([]string{"call", "--all"}, test.args...)...)
		lines := strings.Split(strings.TrimSuffix(r.out, "\n"), "\n")
		slices.Sort(lines)
		var wanted []string
		for _, instance := range want {
			wanted = append(wanted, fmt.Sprintf(test.line, instance))
		}
		if r.exit != cli.ExitOK || !slices.Equal(lines, wanted) {
			t.Errorf("helium call --all %q: got exit %d and %q, want %q; it says:\n%s", test.args, r.exit, lines, wanted, r.err)
		}
	}
	if r := heliumRun(t, "call", "--all", "-o", "raw", "kinds.text", `a "b"`); r.out != "a \"b\"\na \"b\"\n" || r.exit != cli.ExitOK {
		t.Errorf("raw, text: got exit %d and %q, want the very text of each", r.exit, r.out)
	}
	if r := heliumRun(t, "call", "--all", "-o", "raw", "kinds.whole", "7"); r.out != "7\n7\n" || r.exit != cli.ExitOK {
		t.Errorf("raw: got exit %d and %q, want the results alone", r.exit, r.out)
	}
}

func TestAnInstanceThatFailsDoesntStopTheOthersAndDecidesTheExitCode(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	there := serve(t, b, "kinds", kinds{}).Instance()
	r := heliumRun(t, "call", "kinds.fail", "tests.reason", "--all")
	if r.exit != cli.ExitMethod {
		t.Errorf("a method's own error: got exit %d and %q, want %d", r.exit, r.err, cli.ExitMethod)
	}
	nc, err := b.Connect("registrar")
	check(t, err)
	registry, err := binder.NewClient(nc, "")
	check(t, err)
	_, err = registry.Register(t.Context(), binder.Record{Service: "kinds", Instance: "gone", Methods: []binder.Method{{Name: "whole", Signature: "whole(int64) int64"}}})
	check(t, err)
	r = heliumRun(t, "call", "kinds.whole", "7", "--all")
	for _, line := range []string{there + "   7\n", "gone   instance \"gone\" isn't running"} {
		if !strings.Contains(r.out, line) {
			t.Errorf("got %q, want a line %q", r.out, line)
		}
	}
	if want := "1 of 2 instances failed"; r.exit != cli.ExitNoInstance || !strings.Contains(r.err, want) {
		t.Errorf("got exit %d and %q, want %d and %q", r.exit, r.err, cli.ExitNoInstance, want)
	}
	r = heliumRun(t, "call", "kinds.whole", "7", "--all", "-o", "json")
	if want := `{"instance":"gone","error":{"code":"unavailable","reason":"helium.no_instance"`; !strings.Contains(r.out, want) {
		t.Errorf("got %q, want %q…", r.out, want)
	}
	for _, args := range [][]string{{"--at", there}, {"--key", "k"}, {"--each"}, {"-v"}, {"--template"}} {
		if r := heliumRun(t, append([]string{"call", "kinds.whole", "--all"}, args...)...); r.exit != cli.ExitUsage {
			t.Errorf("--all with %q: got exit %d and %q, want %d", args, r.exit, r.err, cli.ExitUsage)
		}
	}
	r = heliumRun(t, "call", "nobody.whole", "7", "--all")
	if r.exit != cli.ExitUnknown || r.out != "" {
		t.Errorf("an unknown service: got exit %d and %q, want %d and nothing on stdout", r.exit, r.out, cli.ExitUnknown)
	}
}
