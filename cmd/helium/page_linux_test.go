package main

import (
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
)

// terminalPage is what a person sees on a terminal, and their keyboard.
type terminalPage struct {
	t        *testing.T
	keyboard *os.File
	screen   *screen
	cmd      *exec.Cmd
	drawn    chan struct{} // closed when nothing draws any more
}

// openPage runs a program on a terminal of a size.
func openPage(t *testing.T, width, height int, program string, args ...string) *terminalPage {
	t.Helper()
	master, terminal := openPseudoTerminal(t)
	resize(t, master, width, height)
	path, err := exec.LookPath(program)
	check(t, err)
	p := &terminalPage{t: t, keyboard: master, screen: &screen{emulator: vt.NewEmulator(width, height)}, cmd: exec.Command(path, args...), drawn: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "NO_COLOR=1", "HELIUM_COMPLETION_TIME="+testPatience.String())
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = terminal, terminal, terminal
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	check(t, p.cmd.Start())
	check(t, terminal.Close())
	go func() {
		defer close(p.drawn)
		b := make([]byte, 4096)
		for {
			n, err := master.Read(b)
			p.screen.write(b[:n])
			if err != nil {
				return // no process has the terminal any more
			}
		}
	}()
	go func() { // what the terminal answers to questions
		b := make([]byte, 256)
		for {
			n, err := p.screen.emulator.Read(b)
			if err != nil {
				return
			}
			_, _ = master.Write(b[:n])
		}
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		<-p.drawn
		// Its own Close isn't for a Read that is under way.
		_ = p.screen.emulator.InputPipe().(io.Closer).Close()
		_ = master.Close()
	})
	return p
}

// screen is an emulator of a terminal, of which one goroutine writes and another looks.
type screen struct {
	mu       sync.Mutex
	emulator *vt.Emulator // guarded by mu, but for what it answers
}

func (s *screen) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = s.emulator.Write(b)
}

func (s *screen) Resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emulator.Resize(width, height)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emulator.String()
}

func resize(t *testing.T, master *os.File, width, height int) {
	t.Helper()
	size := int32(height) | int32(width)<<16
	check(t, ioctl(master, syscall.TIOCSWINSZ, &size))
}

func (p *terminalPage) press(keys string) {
	p.t.Helper()
	_, err := p.keyboard.WriteString(keys)
	check(p.t, err)
}

// awaits waits until the screen shows something.
func (p *terminalPage) awaits(what string, shown func(screen string) bool) string {
	p.t.Helper()
	var screen string
	for end := time.Now().Add(testPatience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if screen = p.screen.String(); shown(screen) {
			return screen
		}
	}
	p.t.Fatalf("the screen shows\n%s\nwant %s", screen, what)
	return ""
}

// ends waits for the end of the command and returns its exit code.
func (p *terminalPage) ends() int {
	p.t.Helper()
	_ = p.cmd.Wait()
	<-p.drawn
	return p.cmd.ProcessState.ExitCode()
}
