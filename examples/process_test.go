package examples_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds what takes a second or two on a machine that has nothing else to do.
const patience = 60 * time.Second

// process is a program that runs.
type process struct {
	t       *testing.T
	name    string
	cmd     *exec.Cmd
	stdout  *transcript
	stderr  *transcript
	changed chan struct{} // told when there is more output
	exited  chan struct{} // closed when the program has ended and all it wrote is here
}

// command prepares a program; start runs it. It sees no NATS_URL of the test's own.
func command(t *testing.T, program string, args ...string) *process {
	changed := make(chan struct{}, 1)
	p := &process{
		t: t, name: program, cmd: exec.Command(path(program), args...),
		stdout:  &transcript{changed: changed},
		stderr:  &transcript{changed: changed},
		changed: changed,
		exited:  make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.stdout, p.stderr
	p.cmd.Env = append(os.Environ(), "NATS_URL=")
	return p
}

// start runs the program until it ends by itself, or the test does.
func (p *process) start() *process {
	p.t.Helper()
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("starting the %s: %v", p.name, err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // how it ended is in its state
	}()
	p.t.Cleanup(func() {
		p.kill()
		if p.t.Failed() {
			p.t.Logf("the %s wrote:\n%s%s", p.name, p.stdout, p.stderr)
		}
	})
	return p
}

func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return command(t, program, args...).start()
}

// kill ends the program in the way that it can't notice (SIGKILL), if it still runs.
func (p *process) kill() {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Errorf("killing the %s: %v", p.name, err)
	}
	<-p.exited
}

// await returns the first match, or its first group, of a pattern in what the program
// writes to either output, as soon as it is there.
func (p *process) await(pattern string) string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.After(patience)
	for ended := false; ; {
		for _, output := range []*transcript{p.stdout, p.stderr} {
			if match := expression.FindStringSubmatch(output.String()); match != nil {
				return match[len(match)-1]
			}
		}
		if ended {
			p.t.Fatalf("the %s ended without writing %q", p.name, pattern)
		}
		select {
		case <-p.changed:
		case <-p.exited:
			ended = true
		case <-deadline:
			p.t.Fatalf("the %s didn't write %q within %v", p.name, pattern, patience)
		}
	}
}

// awaitExit waits for the program's end and compares its exit code: -1 is a signal's.
func (p *process) awaitExit(want int) {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		p.t.Fatalf("the %s still runs after %v", p.name, patience)
	}
	if got := p.cmd.ProcessState.ExitCode(); got != want {
		p.t.Fatalf("the %s ended with exit code %d, want %d", p.name, got, want)
	}
}

// wrote compares everything the program wrote to its standard output.
func (p *process) wrote(want string) {
	p.t.Helper()
	if got := p.stdout.String(); got != want {
		p.t.Errorf("the %s wrote %q, want %q", p.name, got, want)
	}
}

// complained checks what a program that failed told its user.
func (p *process) complained(parts ...string) {
	p.t.Helper()
	for _, want := range parts {
		if got := p.stderr.String(); !strings.Contains(got, want) {
			p.t.Errorf("the %s complained %q, want %q in it", p.name, got, want)
		}
	}
}

// pipe gives the program a standard input that stays open until the test closes it.
func (p *process) pipe() io.WriteCloser {
	p.t.Helper()
	w, err := p.cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

// transcript collects what a program writes.
type transcript struct {
	changed chan struct{}

	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.changed <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
