package main

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

func TestWhatIsMissingLeavesNoHoleInALine(t *testing.T) {
	url := registryWith(t, binder.Record{Service: "bare", Instance: "i1", Methods: []binder.Method{{
		Name: "f", Signature: "f()", Errors: []binder.MethodError{{Code: "not_found"}, {Reason: "bare.gone"}, {Message: "it failed"}, {Code: "aborted", Message: "again"}},
	}}})
	r := heliumRun(t, "describe", "bare", "-s", url)
	for _, want := range []string{"bare, 1 instance\n", "      error not_found\n", "      error bare.gone\n", "      error it failed\n", "      error aborted: again\n"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("describe: got\n%s\nwant the line %q", r.out, want)
		}
	}
	r = heliumRun(t, "ping", "-o", "raw", "-s", url)
	for line := range strings.Lines(r.out) {
		if len(strings.Fields(line)) != 4 || strings.Contains(line, "  ") {
			t.Errorf("ping -o raw: got the line %q, want four words", line)
		}
	}
	if want := "1 of 1 instance didn't answer"; !strings.Contains(r.err, want) {
		t.Errorf("ping: got %q, want %q", r.err, want)
	}
}

func TestPingTellsAtOnceWhichInstancesTheUserMayNotAsk(t *testing.T) {
	b, url := newBus(t, broker.Config{Users: []broker.User{
		{Name: "limited", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.at.>"}}}, {Name: "server", Password: "x"},
	}})
	serve(t, b, "kinds", kinds{})
	r := heliumRun(t, "ping", "kinds", "-s", url, "--user", "limited", "--password", "x", "--timeout", "10m")
	if r.exit != cli.ExitNoBus || !strings.Contains(r.out, "this user may not ask it: it may not publish to helium.at.") || strings.Contains(r.err, "level=") {
		t.Errorf("got exit %d and want what isn't permitted, once:\n%s%s", r.exit, r.out, r.err)
	}
}

func TestTheHelpThatIsNamedIsTheSubcommandsOwn(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	for line, want := range map[string]string{
		"bench kinds.text -d @nowhere":  "helium bench --help",
		"call kinds.text -d @nowhere":   "helium call --help",
		"ls --timeout 0s":               "helium ls --help",
		"top --by x":                    "helium top --help",
		"gen ts --timeout 0s":           "helium gen ts --help",
		"gen go --type":                 "helium gen go --help",
		"gen go a b c":                  "helium gen go --help",
		"serve math --wrong":            "helium serve math --help",
		"doctor --timeout 0s":           "helium doctor --help",
		"describe kinds -o xml":         "helium describe --help",
		"version --wrong":               "helium version --help",
		"call kinds.text x --tlscert x": "helium call --help",
	} {
		r := heliumRun(t, append(strings.Split(line, " "), "-s", url)...)
		if strings.HasSuffix(line, "--type") {
			r = heliumRun(t, strings.Split(line, " ")...)
		}
		if r.exit != cli.ExitUsage || !strings.Contains(r.err, "  next      "+want+"\n") {
			t.Errorf("helium %s: got exit %d and %q, want the next step %s", line, r.exit, r.err, want)
		}
	}
}
