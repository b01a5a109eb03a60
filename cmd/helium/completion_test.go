package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// completions returns what the shell is told for some words, without descriptions.
func completions(t *testing.T, words ...string) string {
	t.Helper()
	r := heliumRun(t, append([]string{"__complete"}, words...)...)
	if r.exit != cli.ExitOK {
		t.Errorf("completing %q: got exit %d, want 0; it says:\n%s", words, r.exit, r.err)
	}
	var found []string
	for line := range strings.Lines(r.out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if !strings.HasPrefix(word, ":") { // what the shell is to do with them
			found = append(found, word)
		}
	}
	return strings.Join(found, " ")
}

func TestServicesMethodsParametersAndInstancesAreCompleted(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	t.Setenv("NATS_URL", url)
	t.Setenv("HELIUM_COMPLETION_TIME", testPatience.String()) // whatever the machine does
	nc, err := b.Connect("math")
	check(t, err)
	srv := rpcserver.New(nc, rpcserver.Config{})
	check(t, mathsvc.Register(srv, "math", mathsvc.New()))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() { check(t, srv.Shutdown(context.Background())) })
	serve(t, b, "kinds", kinds{})

	for _, test := range []struct{ words, want string }{
		{"ls |", "kinds math"},
		{"ping ma|", "kinds math"}, // shells keep what fits
		{"describe |", "kinds math"},
		{"call math.add |", "a= b="},
		{"call math.add 2 |", "b="},
		{"call math.add b=2 |", "a="},
		{"call math.add a=1 b=2 |", ""},
		{"call kinds.text |", ""}, // its parameters have no names
		{"call math.none |", ""},
		{"call math.add --at |", srv.Instance()},
		{"ls -o |", "table json ndjson raw"},
		{"completion |", "bash zsh fish powershell"},
	} {
		words := strings.Fields(test.words)
		words[len(words)-1] = strings.TrimSuffix(words[len(words)-1], "|")
		if got := completions(t, words...); got != test.want {
			t.Errorf("%s: got %q, want %q", test.words, got, test.want)
		}
	}
	for _, word := range []string{"math.", "math.a"} {
		if got := completions(t, "describe", word); !strings.Contains(got, "math.add math.sub math.mul math.div") {
			t.Errorf("describe %s: got %q, want the methods", word, got)
		}
	}
	if got := completions(t, "call", ""); !strings.Contains(got, "kinds.text") || !strings.Contains(got, "math.add") {
		t.Errorf("call: got %q, want all methods", got)
	}
}

func TestCompletionIsSilentAndQuickWithoutABus(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HELIUM_COMPLETION_TIME", "")
	frozen, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	check(t, err)
	defer frozen.Close()
	for _, url := range []string{"nats://127.0.0.1:1", "nats://" + frozen.Addr().String(), "nonsense://"} {
		var r ran
		// It is 120 ms by the context. The machine may be busy otherwise, but not each time.
		quickest := testPatience
		for try := 0; try < 10 && quickest > time.Second; try++ {
			began := time.Now()
			r = heliumRun(t, "__complete", "call", "-s", url, "math.add", "")
			quickest = min(quickest, time.Since(began))
		}
		if quickest > time.Second {
			t.Errorf("%s: it took %v, want some 150 ms", url, quickest)
		}
		if want := ":6\n"; r.out != want {
			t.Errorf("%s: got %q, want nothing but what to do: %q", url, r.out, want)
		}
		if err, _, _ := strings.Cut(r.err, "Completion ended"); r.exit != cli.ExitOK || err != "" {
			t.Errorf("%s: got exit %d and %q on stderr, want silence", url, r.exit, err)
		}
	}
}

func TestEachShellHasItsScript(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -o", "zsh": "#compdef helium", "fish": "complete -c helium", "powershell": "Register-ArgumentCompleter"} {
		if r := heliumRun(t, "completion", shell); r.exit != cli.ExitOK || !strings.Contains(r.out, want) {
			t.Errorf("%s: got exit %d and %d bytes, want a script with %q", shell, r.exit, len(r.out), want)
		}
	}
	if r := heliumRun(t, "completion", "tcsh"); r.exit != cli.ExitUsage {
		t.Errorf("tcsh: got exit %d, want %d", r.exit, cli.ExitUsage)
	}
}
