package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestTopOnATerminalIsSortedScrolledAndLeftByKeys(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	for i := range 9 {
		serveOn(t, b, rpcserver.Config{}, fmt.Sprintf("diary%d", i), newDiary())
	}
	p := openPage(t, 90, 12, "helium", "top", "-s", url, "--by", "service", "--sort", "name", "--interval", "100ms")
	first := func(service string) func(string) bool {
		return func(screen string) bool {
			_, rows, found := strings.Cut(screen, "SERVICE")
			lines := strings.SplitN(rows, "\n", 3)
			return found && len(lines) > 1 && strings.HasPrefix(lines[1], service)
		}
	}
	p.awaits("diary0 first", first("diary0"))
	p.press("r")
	p.awaits("diary8 first", first("diary8"))
	p.press("n")
	p.awaits("diary0 first", first("diary0"))
	p.press("\x1b[B") // down
	p.awaits("diary1 first", first("diary1"))
	p.press("\x1b[5~") // page up
	p.awaits("diary0 first", first("diary0"))
	p.press("?")
	p.awaits("all keys", func(screen string) bool { return strings.Contains(screen, "reverse") })
	p.press("?")
	resize(t, p.keyboard, 40, 8)
	p.screen.Resize(40, 8)
	check(t, p.cmd.Process.Signal(syscall.SIGWINCH))
	p.awaits("a narrow table", func(screen string) bool {
		return first("diary0")(screen) && !strings.Contains(screen, "IN FLIGHT") && strings.Contains(screen, "CALLS/S")
	})
	p.press("q")
	if exit := p.ends(); exit != cli.ExitOK {
		t.Errorf("exit %d, want %d", exit, cli.ExitOK)
	}
	if screen := p.screen.String(); strings.Contains(screen, "SERVICE") {
		t.Errorf("after the end the screen shows\n%s\nwant what was there before", screen)
	}
}

func TestTopOnATerminalEndsWithCtrlCAndWithATermination(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	for name, by := range map[string]struct {
		end  func(p *terminalPage)
		exit int
	}{
		"Ctrl-C":  {func(p *terminalPage) { p.press("\x03") }, cli.ExitOK}, // a key there, as q is
		"SIGTERM": {func(p *terminalPage) { check(p.t, p.cmd.Process.Signal(syscall.SIGTERM)) }, cli.ExitTerminated},
	} {
		t.Run(name, func(t *testing.T) {
			p := openPage(t, 90, 12, "helium", "top", "-s", url, "--interval", "100ms")
			p.awaits("the service", func(screen string) bool { return strings.Contains(screen, "diary") })
			by.end(p)
			if exit := p.ends(); exit != by.exit {
				t.Errorf("exit %d, want %d", exit, by.exit)
			}
			if screen := p.screen.String(); strings.Contains(screen, "diary") {
				t.Errorf("after the end the screen shows\n%s\nwant what was there before", screen)
			}
		})
	}
}

func TestALiveTableBlamesNoInstanceThatHadNoTimeToAnswer(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	whenAsked(t, b, func() {})
	p := openPage(t, 120, 12, "helium", "top", "-s", url, "--interval", "100ms", "--timeout", "300ms")
	p.awaits("what there was no time for", func(screen string) bool {
		return strings.Contains(screen, "1 instance had no time to answer; give a longer --timeout")
	})
	if screen := p.screen.String(); strings.Contains(screen, "silent") {
		t.Errorf("the screen shows\n%s\nwant nobody called silent", screen)
	}
	p.press("q")
	if exit := p.ends(); exit != cli.ExitOK {
		t.Errorf("exit %d, want %d", exit, cli.ExitOK)
	}
}

func TestTopOnATerminalEndsAtOnceIfTheUserMayNotAsk(t *testing.T) {
	_, url := newBus(t, broker.Config{Users: []broker.User{{Name: "limited", Password: "x", Publish: broker.Subjects{Deny: []string{"$SRV.>"}}}}})
	p := openPage(t, 120, 12, "helium", "top", "-s", url, "--user", "limited", "--password", "x")
	exit := p.ends()
	if screen := p.screen.String(); exit != cli.ExitNoBus || !strings.Contains(screen, "allow the user to publish to $SRV.STATS") {
		t.Errorf("exit %d, and the screen shows\n%s\nwant %d, and what to allow", exit, screen, cli.ExitNoBus)
	}
}

func TestTopWithoutAKeyboardIsShownAllTheSame(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serveOn(t, b, rpcserver.Config{}, "diary", newDiary())
	terminal, seen, wait := openTerminal(t)
	path, err := exec.LookPath("helium")
	check(t, err)
	cmd := exec.Command(path, "top", "-s", url, "--interval", "100ms")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	cmd.Stdout, cmd.Stderr = terminal, terminal
	check(t, cmd.Start())
	for end := time.Now().Add(testPatience); time.Now().Before(end) && !strings.Contains(seen.String(), "diary"); {
		time.Sleep(10 * time.Millisecond)
	}
	check(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait() // its exit code is looked at
	wait()
	if got := seen.String(); !strings.Contains(got, "diary") {
		t.Errorf("got %q, want the service", got)
	}
	if got := cmd.ProcessState.ExitCode(); got != cli.ExitTerminated {
		t.Errorf("got exit %d after SIGTERM, want %d", got, cli.ExitTerminated)
	}
}
