package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/tools/txtar"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// A session is what a terminal shows: "$ command" lines, each with what it prints. What
// differs from run to run (instances, times, ports, the version) may differ, and so may
// the width of columns. Commands that keep running do so until the script ends.

// keepRunning are the subcommands that don't end by themselves.
var keepRunning = []string{"dev", "broker", "binder", "serve"}

var (
	anyURL      = regexp.MustCompile(`(nats|tls)://127\.0\.0\.1:[0-9]+`)
	anyInstance = regexp.MustCompile(`\bi[a-z2-7]{19}\b`)
)

// varying are the parts of output that differ from run to run, and what stands for them.
var varying = []struct {
	part *regexp.Regexp
	is   string
}{
	{anyInstance, "INSTANCE"},
	{regexp.MustCompile(`\bbroker-[A-Z0-9]{12}\b`), "BROKER"},
	{regexp.MustCompile(`\b([0-9.]+(e[+-][0-9]+)?(ms|µs|ns|s|m|h))+\b`), "TIME"},
	{regexp.MustCompile(`"(took_ms|ms)":\s*[0-9.e+-]+`), `"$1":TIME`},
	{regexp.MustCompile(`127\.0\.0\.1:[0-9]+`), "ADDRESS"},
	{regexp.MustCompile(`(?m)^  link +(bus|direct)\b.*$`), "  link LINK"}, // a measurement may begin before the link stands
	{regexp.MustCompile(`helium \S+ \(go1.*\)`), "VERSION"},
	{regexp.MustCompile(`(?m)^ *export NATS_URL=.*\n`), ""}, // of other ports than 4222
	{regexp.MustCompile(`\b[0-9]+/s`), "RATE"},
	{regexp.MustCompile(`(?m)(^ *TIME +[█▏]* ?[0-9]+\n?)+`), "BARS\n"}, // of a histogram, as many as there are
	{regexp.MustCompile(`[ \t]+`), " "},
	{regexp.MustCompile(`(?m) $`), ""},
}

// normal returns text without what differs from run to run.
func normal(text string) string {
	for _, v := range varying {
		text = v.part.ReplaceAllString(text, v.is)
	}
	return strings.TrimSpace(text)
}

func scriptSession(ts *testscript.TestScript, _ bool, files []string) {
	for _, file := range files {
		for _, step := range parseSession(ts.ReadFile(file)) {
			words := strings.Fields(step.command)
			if len(words) > 1 && words[0] == "helium" && slices.Contains(keepRunning, words[1]) {
				startDaemon(ts, step.command, words[1:]).waitFor(ts, step.prints)
				continue
			}
			// What fails is shown failing: the session says so by what it prints.
			_ = ts.Exec("sh", "-c", "{ "+step.command+"\n} 2>&1")
			if got := ts.ReadFile("stdout"); normal(got) != normal(step.prints) {
				ts.Fatalf("%s: $ %s\ngot:\n%s\nwant:\n%s", file, step.command, got, step.prints)
			}
		}
	}
}

// sessionStep is one command and what it prints.
type sessionStep struct{ command, prints string }

func parseSession(text string) (steps []sessionStep) {
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			steps = append(steps, sessionStep{command: strings.TrimSpace(command)})
		} else if len(steps) > 0 {
			steps[len(steps)-1].prints += line
		}
	}
	return steps
}

func TestEveryTerminalExampleOfTheDocumentationIsAScriptThatRuns(t *testing.T) {
	sessions := sessionsOfScripts(t)
	runs := func(block string) bool { // a whole session, or some of its commands
		return slices.ContainsFunc(sessions, func(session string) bool {
			return strings.Contains("\n"+session+"\n", "\n"+strings.TrimSpace(block)+"\n")
		})
	}
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := 0
	for _, path := range append(documents, "../../README.md") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range strings.Split("\n"+string(text), "\n```") {
			session, ok := strings.CutPrefix(block, "console\n")
			if i%2 == 0 || !ok {
				continue
			}
			blocks++
			if !strings.HasPrefix(session, "$ ") || !runs(session) {
				t.Errorf("%s shows a session that no file of testdata/script runs; want it there, word for word:\n%s", path, session)
			}
		}
	}
	if blocks < 5 {
		t.Errorf("the documentation shows %d sessions, want some", blocks)
	}
}

func TestEverySubcommandIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/command.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, cmd := range newRoot(cli.NewEnv(nil, nil, nil, nil)).Commands() {
		if want := "helium " + cmd.Name(); !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("docs/command.md doesn't tell of %s", want)
		}
		if cmd.Short == "" {
			t.Errorf("helium %s has no line in --help", cmd.Name())
		}
	}
}

// sessionsOfScripts returns the sessions that scripts run.
func sessionsOfScripts(t *testing.T) (sessions []string) {
	t.Helper()
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("got %d scripts, error %v; want some", len(scripts), err)
	}
	for _, path := range scripts {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		named := make(map[string]bool) // by a session line
		for line := range strings.Lines(string(archive.Comment)) {
			if words := strings.Fields(line); len(words) > 1 && words[0] == "session" {
				for _, file := range words[1:] {
					named[file] = true
				}
			}
		}
		for _, file := range archive.Files {
			if named[file.Name] {
				sessions = append(sessions, strings.TrimSpace(string(file.Data)))
			}
		}
	}
	return sessions
}

func TestASessionThatPrintsSomethingElseIsNotTheSame(t *testing.T) {
	for _, pair := range [][2]string{
		{"math 1.0.0 1", "math 1.0.0 2"},
		{"code invalid_argument", "code internal"},
		{"5", "6"},
	} {
		if normal(pair[0]) == normal(pair[1]) {
			t.Errorf("got %q and %q taken for the same", pair[0], pair[1])
		}
	}
	if got, want := normal("i4pzqce75x2zzmcgqp2q   1.25ms"), normal("i5aaaaaaaaaaaaaaaaaa 3s"); got != want {
		t.Errorf("got %q, want %q: only an instance and a time differ", got, want)
	}
}
