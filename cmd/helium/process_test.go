package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
)

// process is the command as a process of its own.
type process struct {
	cmd      *exec.Cmd
	out, err lockedBuffer
	done     chan struct{} // closed once it ended
}

// startProcess starts the command; the test's end kills it.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	return startProcessWith(t, nil, args...)
}

func startProcessWith(t *testing.T, in io.Reader, args ...string) *process {
	t.Helper()
	path, err := exec.LookPath("helium") // made by testscript
	check(t, err)
	p := &process{cmd: exec.Command(path, args...), done: make(chan struct{})}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = in, &p.out, &p.err
	p.cmd.WaitDelay = time.Second
	p.begin(t)
	return p
}

// begin starts the process; the test's end kills it.
func (p *process) begin(t *testing.T) {
	t.Helper()
	check(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // how it ended is asked by exit
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
}

// url waits until the process says where its broker is.
func (p *process) url(t *testing.T) string {
	t.Helper()
	var url string
	eventually(t, "the broker says where it is", func() bool {
		url = anyURL.FindString(p.out.String())
		return url != ""
	}, p)
	return url
}

// exit waits for the end of the process and returns its exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(testPatience):
		t.Fatalf("%v still runs after %v; it printed:\n%s%s", p.cmd, testPatience, p.out.String(), p.err.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func eventually(t *testing.T, what string, holds func() bool, p *process) {
	t.Helper()
	if !soon(holds) {
		t.Fatalf("want that %s; %v printed:\n%s%s", what, p.cmd, p.out.String(), p.err.String())
	}
}

// soon reports whether something holds before the test's patience is over.
func soon(holds func() bool) bool {
	for deadline := time.Now().Add(testPatience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// slowness is a service whose calls last until their callers give up.
type slowness struct {
	began, ended chan struct{} // told once for each call
}

func (s *slowness) Wait(ctx context.Context) error {
	s.began <- struct{}{}
	<-ctx.Done()
	s.ended <- struct{}{}
	return ctx.Err()
}

func TestAnInterruptedCallEndsWith130AndItsHandlerToo(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	const most = 8
	slow := &slowness{began: make(chan struct{}, most), ended: make(chan struct{}, most)}
	serve(t, b, "slow", slow)
	for _, test := range []struct {
		calls int
		args  []string
	}{
		{1, []string{"call", "slow.wait", "--timeout", "10m"}},
		{1, []string{"call", "slow.wait", "--timeout", "10m", "--each", "-d", "[]"}},
		{most, []string{"call", "slow.wait", "--timeout", "10m", "--each", "-d", strings.Repeat("[]\n", most)}},
	} {
		for try := 1; ; try++ {
			call := startProcess(t, append(test.args, "-s", url)...)
			for range test.calls {
				await(t, "the calls are in flight", slow.began)
			}
			check(t, call.cmd.Process.Signal(os.Interrupt))
			got := call.exit(t)
			for range test.calls {
				await(t, "each handler is told", slow.ended)
			}
			if strings.Contains(call.err.String(), "silent") && try < 5 {
				continue // this process, which serves, was held up for seconds
			}
			if got != cli.ExitInterrupted {
				t.Errorf("helium %q: got exit %d, want %d; it says:\n%s", test.args, got, cli.ExitInterrupted, call.err.String())
			}
			break
		}
	}
}

func TestATerminatedCallEndsWith143(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	slow := &slowness{began: make(chan struct{}, 1), ended: make(chan struct{}, 1)}
	serve(t, b, "slow", slow)
	call := startProcess(t, "call", "slow.wait", "--timeout", "10m", "-o", "json", "-s", url)
	await(t, "the call is in flight", slow.began)
	check(t, call.cmd.Process.Signal(syscall.SIGTERM))
	if got := call.exit(t); got != cli.ExitTerminated || !strings.Contains(call.err.String(), `"code":"canceled"`) {
		t.Errorf("got exit %d, want %d; it says:\n%s", got, cli.ExitTerminated, call.err.String())
	}
	await(t, "the handler is told", slow.ended)
}

func TestACallThatWaitsForItsInputCanBeInterrupted(t *testing.T) {
	b, url := newBus(t, broker.Config{})
	serve(t, b, "kinds", kinds{})
	reader, writer, err := os.Pipe()
	check(t, err)
	defer writer.Close()
	call := startProcessWith(t, reader, "call", "kinds.text", "--each", "-s", url)
	_, err = writer.WriteString("[\"Ada\"]\n")
	check(t, err)
	eventually(t, "the first line is answered before the second comes", func() bool {
		return call.out.String() == `{"result":"Ada"}`+"\n"
	}, call)
	check(t, call.cmd.Process.Signal(os.Interrupt))
	if got := call.exit(t); got != cli.ExitInterrupted {
		t.Errorf("got exit %d, want %d; it says:\n%s", got, cli.ExitInterrupted, call.err.String())
	}
}

func TestWhatServesEndsWith0WhenItIsStopped(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		dev := startProcess(t, "dev", "--listen", "127.0.0.1:0")
		dev.url(t)
		check(t, dev.cmd.Process.Signal(signal))
		if got := dev.exit(t); got != cli.ExitOK {
			t.Errorf("helium dev after %v: got exit %d, want 0; it says:\n%s", signal, got, dev.err.String())
		}
	}
	// One that still waits for a broker can be stopped too.
	waiting := startProcess(t, "serve", "math", "-s", "nats://127.0.0.1:1")
	eventually(t, "it says that it waits", func() bool { return waiting.err.String() != "" }, waiting)
	check(t, waiting.cmd.Process.Signal(os.Interrupt))
	if got := waiting.exit(t); got != cli.ExitOK {
		t.Errorf("helium serve without a broker: got exit %d, want 0; it says:\n%s", got, waiting.err.String())
	}
}

func TestWhatIsLoggedIsJSONForPrograms(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for _, form := range []string{"json", "ndjson"} {
		waiting := startProcess(t, "serve", "math", "-s", "nats://127.0.0.1:1", "-o", form)
		eventually(t, "it says that it waits", func() bool { return strings.Contains(waiting.err.String(), "\n") }, waiting)
		check(t, waiting.cmd.Process.Signal(os.Interrupt))
		waiting.exit(t)
		for line := range strings.Lines(waiting.err.String()) {
			var told struct{ Level, Msg string }
			if err := json.Unmarshal([]byte(line), &told); err != nil || told.Level == "" || told.Msg == "" {
				t.Errorf("-o %s: got the line %q (%v), want JSON with level and msg", form, line, err)
			}
		}
	}
}

func TestDevListensForWebsocketsIfAsked(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dev := startProcess(t, "dev", "--listen", "127.0.0.1:0", "--websocket", "127.0.0.1:0", "-o", "json")
	var told devOnline
	eventually(t, "it says where it is", func() bool {
		line, _, whole := strings.Cut(dev.out.String(), "\n")
		return whole && json.Unmarshal([]byte(line), &told) == nil
	}, dev)
	if !strings.HasPrefix(told.URL, "nats://127.0.0.1:") || !strings.HasPrefix(told.Websocket, "ws://127.0.0.1:") || told.Instance == "" {
		t.Fatalf("got %+v, want both addresses and the instance", told)
	}
	if r := heliumRun(t, "call", "math.add", "2", "3", "-s", told.Websocket); r.exit != cli.ExitOK || r.out != "5\n" {
		t.Errorf("by websocket: got exit %d and %q, want 5; it says:\n%s", r.exit, r.out, r.err)
	}
}

func await(t *testing.T, what string, told <-chan struct{}) {
	t.Helper()
	select {
	case <-told:
	case <-time.After(testPatience):
		t.Fatalf("want that %s", what)
	}
}
