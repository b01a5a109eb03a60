package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestVerboseTellsWhereACallWentAndWhereItsTimeDid(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	first := serve(t, b, "kinds", kinds{}).Instance()
	t.Setenv("NATS_URL", url)
	want := regexp.MustCompile(`^  subject   helium\.call\.kinds\.text
  link      bus
  instance  ` + first + `
  connect   [0-9.]+ms
  lookup    [0-9.]+ms
  send      [0-9.]+ms
  wait      [0-9.]+ms, of which the handler ran [0-9.]+ms
  decode    [0-9.]+ms
$`)
	r := heliumRun(t, "call", "kinds.text", "x", "-v")
	if r.exit != cli.ExitOK || r.out != "\"x\"\n" || !want.MatchString(r.err) {
		t.Errorf("got exit %d, %q and\n%swant it to match\n%s", r.exit, r.out, r.err, want)
	}

	// An error has its instance, and the trace comes all the same.
	r = heliumRun(t, "call", "kinds.fail", "kinds.odd", "-v")
	if r.exit != cli.ExitMethod || !strings.HasPrefix(r.err, "  subject   helium.call.kinds.fail\n  link      bus\n  instance  "+first+"\n") || !strings.Contains(r.err, "helium: as it was asked to") {
		t.Errorf("of a failure: got exit %d and\n%s", r.exit, r.err)
	}
	r = heliumRun(t, "call", "kinds.small", "300", "-v")
	if r.exit != cli.ExitArguments || !strings.HasPrefix(r.err, "  subject   none, as nothing was sent\n") || strings.Contains(r.err, "send") {
		t.Errorf("of arguments that don't fit: got exit %d and\n%s", r.exit, r.err)
	}

	second := serve(t, b, "kinds", kinds{}).Instance()
	met := make(map[string]bool)
	for range 200 {
		r := heliumRun(t, "call", "kinds.text", "x", "--verbose", "-o", "json")
		var told struct{ Trace callTrace }
		if err := json.Unmarshal([]byte(r.err), &told); err != nil || r.exit != cli.ExitOK {
			t.Fatalf("got exit %d and %s, %v", r.exit, r.err, err)
		}
		trace := told.Trace
		if trace.Subject != "helium.call.kinds.text" || trace.Instances != 2 || trace.Attempts != 1 ||
			trace.ConnectMS <= 0 || trace.LookupMS <= 0 || trace.SendMS <= 0 || trace.WaitMS <= 0 || trace.DecodeMS <= 0 || trace.HandlerMS < 0 {
			t.Fatalf("got %+v, want one of two instances, its subject and its times", trace)
		}
		if met[trace.Instance] = true; len(met) == 2 {
			break
		}
	}
	if !met[first] || !met[second] {
		t.Errorf("calls went to %v, want both %s and %s", met, first, second)
	}
	for _, by := range []string{"--key", "--idempotency-key"} {
		met := make(map[string]bool)
		for range 10 {
			r := heliumRun(t, "call", "kinds.text", "x", "-v", by, "order-1")
			_, after, _ := strings.Cut(r.err, "\n  instance  ")
			instance, _, _ := strings.Cut(after, ", one of 2\n")
			if met[instance] = true; !strings.HasPrefix(r.err, "  subject   helium.at.kinds."+instance+".text\n  link      bus\n") || len(met) > 1 {
				t.Fatalf("with %s it says\n%swant the subject of the instance that the key picks, one of %v", by, r.err, met)
			}
		}
	}
	r = heliumRun(t, "call", "kinds.text", "x", "-v", "--at", second)
	if !strings.Contains(r.err, "  instance  "+second+"\n") {
		t.Errorf("at %s it says\n%s", second, r.err)
	}
	if r := heliumRun(t, "call", "kinds.text", "--each", "-v"); r.exit != cli.ExitUsage {
		t.Errorf("--each -v: got exit %d, want %d", r.exit, cli.ExitUsage)
	}
}

func TestAnErrorExplainsTheTypesOfTheArgumentsInFull(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "wide", wide{})
	t.Setenv("NATS_URL", url)
	r := heliumRun(t, "call", "wide.take", `{"parts": [{"Size": 1}]}`, "x")
	for _, want := range []string{
		"2 things are wrong with the arguments:\n",
		`argument 1 (arg1): parts[0]: there is no field "Size"; did you mean "size"?`,
		`argument 2 (arg2): "x" isn't a number of type int64`,
		"it is take(all, int64)\n",
		"all = {parts []part, comment string?}\n",
		"part = {size int64, aVeryLongNameOfAFieldThatTakesMuchOfALine string?, anotherVeryLongNameOfAFieldThatTakesMuchOfALine string?, theLastField string?}\n",
	} {
		if !strings.Contains(strings.ReplaceAll(r.err, "\n        ", "\n"), want) {
			t.Errorf("the error lacks %q:\n%s", want, r.err)
		}
	}
	if r.exit != cli.ExitArguments {
		t.Errorf("got exit %d, want %d", r.exit, cli.ExitArguments)
	}
}

type wide struct{}

func (wide) Take(all, int64) {}

type all struct {
	Parts   []part  `json:"parts"`
	Comment *string `json:"comment"`
}

type part struct {
	Size    int     `json:"size"`
	First   *string `json:"aVeryLongNameOfAFieldThatTakesMuchOfALine"`
	Another *string `json:"anotherVeryLongNameOfAFieldThatTakesMuchOfALine"`
	Last    *string `json:"theLastField"`
}

func TestDescribeSaysByWhichNamesParametersWithoutOnesAreGiven(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	r := heliumRun(t, "describe", "kinds.move", "-s", url)
	if want := "by name: arg1, arg2, as the service doesn't tell"; r.exit != cli.ExitOK || !strings.Contains(r.out, want) {
		t.Errorf("got exit %d and\n%swant %q in it", r.exit, r.out, want)
	}
	if r := heliumRun(t, "describe", "kinds.nothing", "-s", url); strings.Contains(r.out, "by name") {
		t.Errorf("of a method without parameters it says\n%s", r.out)
	}
	if r := heliumRun(t, "call", "kinds.move", "-s", url, "-o", "ndjson", "arg2=7", `arg1:={"X": 1, "Label": "a"}`); r.out != `{"X":2,"Label":"a"}`+"\n" {
		t.Errorf("by these names: got exit %d and %q; it says:\n%s", r.exit, r.out, r.err)
	}
}

func TestDescribeListsParametersByNameAndType(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	nc, err := b.Connect("math")
	check(t, err)
	srv := rpcserver.New(nc, rpcserver.Config{Logger: slog.New(slog.DiscardHandler)})
	check(t, mathsvc.Register(srv, "math", mathsvc.New()))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	t.Setenv("NATS_URL", url)
	for _, test := range []struct{ method, want string }{
		{"kinds.move", `"parameters":[{"name":"","type":"point"},{"name":"","type":"int64","variadic":true}],"result":"point"`},
		{"kinds.nothing", `"parameters":[],"result":null`},
		{"kinds.wait", `"parameters":[{"name":"","type":"duration"}],"result":"duration"`},
		{"math.add", `"parameters":[{"name":"a","type":"float64"},{"name":"b","type":"float64"}],"result":"float64"`},
	} {
		r := heliumRun(t, "describe", test.method, "-o", "ndjson")
		if r.exit != cli.ExitOK || !strings.Contains(r.out, test.want) {
			t.Errorf("%s: got exit %d and %s, want %s in it; it says:\n%s", test.method, r.exit, r.out, test.want, r.err)
		}
	}
}

func TestATraceWithoutAResultTellsNoTimesThatNobodyMeasured(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "alone", &parallelism{met: make(chan struct{})})
	serve(t, b, "kinds", kinds{})
	for _, words := range [][]string{{"alone.same", "1", "--timeout", "200ms"}, {"kinds.fail", "kinds.odd"}} {
		r := heliumRun(t, append([]string{"call", "-v", "-s", url}, words...)...)
		if r.exit == cli.ExitOK || !strings.Contains(r.err, "\n  wait      ") || strings.Contains(r.err, "ran 0ms") || strings.Contains(r.err, "decode") {
			t.Errorf("helium call %q: got exit %d and\n%swant it to fail, with its wait and without times of what didn't happen", words, r.exit, r.err)
		}
	}
}
