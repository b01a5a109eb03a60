package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestACommandsTemplateIsFilledInAndPassedBack(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	for _, method := range []string{"text", "whole", "small", "flag", "blob", "when", "wait", "list", "maybe", "anything", "move", "nothing", "said"} {
		r := heliumRun(t, "call", "kinds."+method, "--template")
		if r.exit != cli.ExitOK || !json.Valid([]byte(r.out)) {
			t.Errorf("%s: got exit %d and %s; it says:\n%s", method, r.exit, r.out, r.err)
			continue
		}
		if !strings.Contains(r.err, method+"(") {
			t.Errorf("%s: beside the template it says:\n%swant the signature", method, r.err)
		}
		if r := heliumRun(t, "call", "kinds."+method, "-d", r.out); r.exit != cli.ExitOK {
			t.Errorf("%s: passed back in, exit %d:\n%s", method, r.exit, r.err)
		}
		if r := heliumRun(t, "call", "kinds."+method, "--template", "-o", "ndjson"); r.exit != cli.ExitOK || strings.Count(r.out, "\n") != 1 || r.err != "" {
			t.Errorf("%s in a line: got exit %d, %q and %q, want one line and no talk", method, r.exit, r.out, r.err)
		}
	}
	r := heliumRun(t, "call", "kinds.move", "--template")
	if want := "point = {X float64, Label string}"; !strings.Contains(r.err, want) {
		t.Errorf("beside the template it says:\n%swant %q in it", r.err, want)
	}
	for _, args := range [][]string{{"2"}, {"-d", "[]"}, {"--each"}} {
		if r := heliumRun(t, append([]string{"call", "kinds.text", "--template"}, args...)...); r.exit != cli.ExitUsage {
			t.Errorf("--template with %q: got exit %d, want %d", args, r.exit, cli.ExitUsage)
		}
	}
}

// numbered takes a number in a place that the registry knows as an any.
type numbered struct{}

func (numbered) Count(n json.Number, in struct{ Ns []json.Number }) []json.Number {
	return append(in.Ns, n)
}

func TestATemplateOfNumbersWithoutATypeIsPassedBack(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "numbered", numbered{})
	template := heliumRun(t, "call", "numbered.count", "--template", "-s", url)
	r := heliumRun(t, "call", "numbered.count", "-d", template.out, "-s", url, "-o", "ndjson")
	if r.exit != cli.ExitOK || r.out != "[0,0]\n" {
		t.Errorf("the template %s passed back: got exit %d, %q and\n%s\nwant 0 and [0,0]", template.out, r.exit, r.out, r.err)
	}
}
