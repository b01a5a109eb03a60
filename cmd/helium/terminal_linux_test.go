package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/helium-rpc/helium/bus/broker"
)

// openTerminal returns a terminal for a process, and what is seen on it.
func openTerminal(t *testing.T) (terminal *os.File, seen *lockedBuffer, wait func()) {
	t.Helper()
	screen, terminal := openPseudoTerminal(t)
	seen = &lockedBuffer{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(seen, screen) // ends with an error once no process has the terminal
	}()
	return terminal, seen, func() {
		_ = terminal.Close()
		<-done
		_ = screen.Close()
	}
}

// openPseudoTerminal returns both ends of a terminal: what is written to the one is typed
// on the other.
func openPseudoTerminal(t *testing.T) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	check(t, err)
	var unlocked, number int32
	check(t, ioctl(master, syscall.TIOCSPTLCK, &unlocked))
	check(t, ioctl(master, syscall.TIOCGPTN, &number))
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	check(t, err)
	return master, terminal
}

func ioctl(f *os.File, request uintptr, value *int32) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(value))); errno != 0 {
		return errno
	}
	return nil
}

// onTerminal runs the command on a terminal and returns what is seen. What it writes to
// stdout goes to out instead, if that isn't nil.
func onTerminal(t *testing.T, env, in string, out io.Writer, args ...string) string {
	t.Helper()
	terminal, seen, wait := openTerminal(t)
	path, err := exec.LookPath("helium")
	check(t, err)
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "TERM=xterm", env)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(in), terminal, terminal
	if out != nil {
		cmd.Stdout = out
	}
	err = cmd.Run()
	wait()
	check(t, err)
	return seen.String()
}

func TestColourIsForTerminalsAndNeverWithNoColor(t *testing.T) {
	const escape = "\x1b["
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	if seen := onTerminal(t, "NO_COLOR=", "", nil, "ls", "-s", url); !strings.Contains(seen, escape) || !strings.Contains(seen, "kinds") {
		t.Errorf("on a terminal: got %q, want colour", seen)
	}
	if seen := onTerminal(t, "NO_COLOR=1", "", nil, "ls", "-s", url); strings.Contains(seen, escape) || !strings.Contains(seen, "kinds") {
		t.Errorf("with NO_COLOR: got %q, want no colour", seen)
	}
	if r := heliumRun(t, "ls", "-s", url); strings.Contains(r.out, escape) {
		t.Errorf("without a terminal: got %q, want no colour", r.out)
	}
}

func TestABarOnATerminalShowsHowFarManyCallsAre(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	const lines = "[1]\n[2]\n[3]\n"
	var out strings.Builder
	seen := onTerminal(t, "NO_COLOR=1", lines, &out, "call", "kinds.small", "--each", "-s", url)
	if !strings.Contains(seen, "kinds.small") || !strings.Contains(seen, "[3 in") {
		t.Errorf("got %q, want a bar for three calls", seen)
	}
	if strings.Count(out.String(), "result") != 3 {
		t.Errorf("got %q on stdout, want three results", out.String())
	}
	// Where the results are seen themselves, a bar would be in their way.
	seen = onTerminal(t, "NO_COLOR=1", lines, nil, "call", "kinds.small", "--each", "-s", url)
	if strings.Contains(seen, "kinds.small") || strings.Count(seen, "result") != 3 {
		t.Errorf("got %q, want the results alone", seen)
	}
}
