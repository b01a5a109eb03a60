package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
)

// tab returns what bash, started without the package bash-completion, completes a line
// with. COMP_WORDS are what bash makes of it.
func tab(t *testing.T, url, line string, words ...string) string {
	t.Helper()
	const script = `
source <(helium completion bash)
line=$1; shift
COMP_LINE=$line COMP_POINT=${#line} COMP_TYPE=9 COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
__start_helium
echo "${COMPREPLY[@]}"`
	cmd := exec.Command("bash", append([]string{"--norc", "--noprofile", "-c", script, "bash", line}, words...)...)
	cmd.Env = append(os.Environ(), "NATS_URL="+url, "HELIUM_COMPLETION_TIME="+testPatience.String())
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || strings.Contains(said.String(), "not found") {
		t.Errorf("%q: %v; bash says: %s", line, err, said.String())
	}
	// Descriptions stand in parentheses beside the words.
	return strings.Join(strings.Fields(string(out)), " ")
}

func TestBashCompletesWithoutThePackageBashCompletion(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "math", mathsvc.New())
	for _, test := range []struct {
		line  string
		words []string
		want  string
	}{
		{"helium pi", []string{"helium", "pi"}, "ping"},
		{"helium call ma", []string{"helium", "call", "ma"}, "math."},
		{"helium   call  math.di", []string{"helium", "call", "math.di"}, "math.div"},
		{"helium ls -o=js", []string{"helium", "ls", "-o", "=", "js"}, "json"},
		{"helium ls --output=", []string{"helium", "ls", "--output", "="}, "table json ndjson raw"},
		{"helium ls -s nats://127.0.0.1:4222 -o nd", []string{"helium", "ls", "-s", "nats", ":", "//127.0.0.1", ":", "4222", "-o", "nd"}, "ndjson"},
		{"helium completion ", []string{"helium", "completion", ""}, "bash zsh fish powershell"},
		{"helium nothing.like.it ", []string{"helium", "nothing.like.it", ""}, ""},
	} {
		if got := tab(t, url, test.line, test.words...); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%q: got %q, want %q", test.line, got, test.want)
		}
	}
}
