package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
)

// ownSequences are what the command itself wants of a terminal beside a live table.
var ownSequences = regexp.MustCompile(`\x1b\[(0|1|2|3[0-9])m|\x1b\[K|\r`)

func TestOnATerminalNothingIsActedUponButTheCommandsOwn(t *testing.T) {
	url := hostileBus(t)
	for _, line := range []string{
		"ls", "ls evil", "describe evil", "call evil.text", "call evil.text -o raw", "call evil.text -v", "top --once --interval 100ms", "gen ts evil", "gen openrpc evil",
		"bench evil.text -n 3 --warmup 0s", "call evil.text --each -o raw",
	} {
		seen := onTerminal(t, "NO_COLOR=", "[]\n", nil, append(strings.Fields(line), "-s", url)...)
		if !strings.Contains(seen, "evil") {
			t.Errorf("helium %s: got %q, want something of the service", line, seen)
		}
		plain := ownSequences.ReplaceAllString(seen, "")
		if at := strings.IndexFunc(plain, func(c rune) bool { return c != '\n' && (unicode.IsControl(c) || unicode.In(c, unicode.Cf)) }); at >= 0 {
			t.Errorf("helium %s: got %q, want what a terminal only shows", line, plain[max(0, at-40):min(len(plain), at+40)])
		}
	}
}

func TestTheLiveTableShowsNamesAndDoesNothingForThem(t *testing.T) {
	url := hostileBus(t)
	terminal, seen, wait := openTerminal(t)
	path, err := exec.LookPath("helium")
	check(t, err)
	cmd := exec.Command(path, "top", "-s", url, "--interval", "100ms", "--by", "service")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.Stdout, cmd.Stderr = terminal, terminal
	check(t, cmd.Start())
	for end := time.Now().Add(testPatience); time.Now().Before(end) && !strings.Contains(seen.String(), `\x1b`); {
		time.Sleep(10 * time.Millisecond)
	}
	check(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait() // by SIGTERM
	wait()
	got := seen.String()
	if !strings.Contains(got, `\x1b`) || strings.Contains(got, "\x1b]0;owned") || strings.ContainsAny(got, "\u202e\u009b\u200b") {
		t.Errorf("got %q, want the names in escapes", got)
	}
}
