package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// everyPrinter are command lines of all subcommands that print something.
var everyPrinter = []string{
	"ls", "ls kinds", "ls -o json", "ls -o ndjson", "ls -o raw", "describe kinds", "describe kinds -o json", "describe kinds -o ndjson", "describe kinds -o raw",
	"call kinds.text x", "call kinds.text x -o json", "call kinds.text x -o ndjson", "call kinds.text x -o raw", "call kinds.text --each -d [\"x\"]", "call kinds.text --each -d [\"x\"] -o raw",
	"ping", "ping -o json", "why kinds.text", "why kinds.text -o json", "doctor", "doctor -o json", "top --once --interval 100ms", "top -o ndjson --interval 100ms", "top --once -o raw --interval 100ms",
	"bench kinds.text x -n 3 --warmup 0s", "bench kinds.text x -n 3 --warmup 0s -o json", "bench kinds.text x -n 3 --warmup 0s -o raw",
	"gen ts kinds", "gen openrpc kinds", "version", "version -o json", "version -o raw",
	"completion bash", "completion zsh", "completion fish", "completion powershell", "__complete ls k",
	"", "help", "help ls", "help gen go", "--help", "ls --help", "gen", "gen --help", "serve",
	"broker --listen 127.0.0.1:0", "dev --listen 127.0.0.1:0", "dev --listen 127.0.0.1:0 -o json", "binder", "serve math",
}

func TestWhatCantBePrintedIsAnErrorOfEverySubcommand(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	check(t, err)
	defer full.Close()
	printEvery(t, full, cli.ExitInternal, "standard output can't be written: no space left on device")
}

func TestAReaderThatLeavesEndsEverySubcommandInSilence(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	reader, writer, err := os.Pipe()
	check(t, err)
	check(t, reader.Close())
	defer writer.Close()
	printEvery(t, writer, cli.ExitPipe, "")
	// In the middle of much output, too.
	out, err := exec.Command("sh", "-c", "{ seq 1 20000 | sed 's/.*/[\"&\"]/' | helium call kinds.text --each; echo $? >&2; } 2>&1 >/dev/null | cat; seq 1 20000 | sed 's/.*/[\"&\"]/' | { helium call kinds.text --each; echo code $? >&2; } | head -1").CombinedOutput()
	check(t, err)
	if got := string(out); got != "0\n{\"result\":\"1\"}\ncode 141\n" {
		t.Errorf("got %q, want one line and the code", got)
	}
}

// printEvery runs each command line with its output going to a file, and some as a process
// of its own, whose file it is that the system knows as standard output.
func printEvery(t *testing.T, out *os.File, exit int, says string) {
	t.Helper()
	t.Setenv("HELIUM_COMPLETION_TIME", testPatience.String())
	wants := func(line string, got int, errs string) {
		t.Helper()
		if got != exit || !strings.Contains(errs, says) || says == "" && strings.Contains(errs, "helium:") {
			t.Errorf("helium %s: got exit %d, want %d and %q; it says:\n%s", line, got, exit, says, errs)
		}
	}
	for _, line := range everyPrinter {
		var errs lockedBuffer
		got := run(t.Context(), strings.Fields(line), strings.NewReader(""), out, &errs)
		wants(line, got, errs.String())
	}
	path, err := exec.LookPath("helium")
	check(t, err)
	for _, line := range []string{"ls", "help", "version", "dev --listen 127.0.0.1:0", "top -o ndjson --interval 100ms"} {
		p := &process{cmd: exec.Command(path, strings.Fields(line)...), done: make(chan struct{})}
		p.cmd.Stdout, p.cmd.Stderr = out, &p.err
		p.cmd.WaitDelay = time.Second
		p.begin(t)
		wants(line, p.exit(t), p.err.String())
	}
}

func TestAStandardOutputThatAShellClosedIsToldOf(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	t.Setenv("NATS_URL", url)
	for _, shell := range []string{"sh", "bash", "dash"} {
		if _, err := exec.LookPath(shell); err != nil {
			continue // sh is everywhere
		}
		for script, want := range map[string]string{
			"helium ls >&-; echo $? >&2":                      "standard output can't be written: it is closed",
			"helium version >&-; echo $? >&2":                 "standard output can't be written: it is closed",
			"exec >&-; helium call kinds.text x; echo $? >&2": "standard output can't be written: it is closed",
			"helium ls >/dev/null; echo $? >&2":               "0\n",
			"helium ls >>/dev/null; echo $? >&2":              "0\n",
		} {
			cmd := exec.Command(shell, "-c", script)
			var errs strings.Builder
			cmd.Stderr = &errs
			check(t, cmd.Run())
			if got := errs.String(); !strings.Contains(got, want) || want != "0\n" && !strings.HasSuffix(got, "\n1\n") || want == "0\n" && got != want {
				t.Errorf("%s -c %q: got %q on stderr, want %q", shell, script, got, want)
			}
		}
	}
	// Programs that don't care what it prints give it such a file for their own reasons.
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	check(t, err)
	defer null.Close()
	for _, args := range [][]string{{"helium", "ls"}, {"sh", "-c", "helium ls; exit $?"}} {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Stdout = null
		if err := cmd.Run(); err != nil {
			t.Errorf("%q to %s: got %v, want no error", args, os.DevNull, err)
		}
	}
}
