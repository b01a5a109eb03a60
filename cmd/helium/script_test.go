package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Else each process that is built with the race detector takes a second to end.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0")
	testscript.Main(leakless{m}, map[string]func(){
		"helium": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// leakless fails a run of tests that leaves goroutines behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs the terminal sessions of testdata/script, a file each. Beside what
// testscript offers they have
//
//	up name args...       starts "helium args..." in the background and waits until it says
//	                      that it is there; a broker's address becomes NATS_URL
//	down name [signal]    ends it, by SIGINT or KILL
//	exits code args...    runs "helium args...", which must end with that code
//	session file...       runs a file of "$ command" lines and compares what they print
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[daemonsKey{}] = make(map[string]*daemon)
			config := filepath.Join(env.WorkDir, "config") // nobody's own contexts
			env.Setenv("XDG_CONFIG_HOME", config)
			env.Setenv("NATS_URL", "nats://127.0.0.1:1") // and nobody's own broker
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("HELIUM_COMPLETION_TIME", testPatience.String()) // whatever the machine does
			return os.Mkdir(config, 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"up": scriptUp, "down": scriptDown, "exits": scriptExits, "session": scriptSession,
			"module": scriptModule,
		},
	})
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: exits code args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("helium", args[1:]...)
	got := 0
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exited.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("helium %s: got exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func scriptUp(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: up name args...")
	}
	d := startDaemon(ts, args[0], append(args[1:], "-o", "json"))
	d.waitFor(ts, "{")
}

func scriptDown(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: down name [INT|KILL]")
	}
	d := ts.Value(daemonsKey{}).(map[string]*daemon)[args[0]]
	if d == nil {
		ts.Fatalf("nothing by the name %s is up", args[0])
	}
	if len(args) > 1 && args[1] == "KILL" {
		d.kill()
		return
	}
	if err := d.stop(); err != nil {
		ts.Fatalf("helium %s ended with %v after Ctrl-C, want no error; it printed:\n%s", args[0], err, d.printed())
	}
}

// daemonsKey is the key of a script's daemons, by name, among its values.
type daemonsKey struct{}

// daemon is a command that keeps running.
type daemon struct {
	cmd  *exec.Cmd
	done chan struct{} // closed once it ended
	err  error         // before done is closed

	mu     sync.Mutex
	output bytes.Buffer // stdout and stderr, guarded by mu
}

// startDaemon starts the command, with a free port for its broker if it has one.
func startDaemon(ts *testscript.TestScript, name string, args []string) *daemon {
	if args[0] == "dev" || args[0] == "broker" {
		args = append(args, "--listen", "127.0.0.1:0")
	}
	path, err := exec.LookPath("helium")
	ts.Check(err)
	d := &daemon{cmd: exec.Command(path, args...), done: make(chan struct{})}
	d.cmd.Dir = ts.MkAbs(".")
	d.cmd.Env = append(os.Environ(), "NATS_CONTEXT=", "NATS_URL="+ts.Getenv("NATS_URL"), "XDG_CONFIG_HOME="+ts.Getenv("XDG_CONFIG_HOME"))
	for _, name := range variables {
		d.cmd.Env = append(d.cmd.Env, name+"=") // nobody's own credentials
	}
	d.cmd.Stdout, d.cmd.Stderr = d, d
	ts.Check(d.cmd.Start())
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	ts.Defer(d.kill)
	ts.Value(daemonsKey{}).(map[string]*daemon)[name] = d
	return d
}

func (d *daemon) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.output.Write(p)
}

func (d *daemon) printed() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.output.String()
}

// testPatience is how long something may take that takes no time on an idle machine.
const testPatience = 30 * time.Second

// waitFor waits until the daemon printed something and hands its broker's address on.
func (d *daemon) waitFor(ts *testscript.TestScript, want string) {
	deadline := time.After(testPatience)
	for !strings.Contains(normal(d.printed()), normal(want)) {
		select {
		case <-d.done:
			ts.Fatalf("%v ended: %v; it printed:\n%s\nwant:\n%s", d.cmd, d.err, d.printed(), want)
		case <-deadline:
			ts.Fatalf("%v printed:\n%s\nwant:\n%s", d.cmd, normal(d.printed()), normal(want))
		case <-time.After(5 * time.Millisecond):
		}
	}
	if url := anyURL.FindString(d.printed()); url != "" {
		ts.Setenv("NATS_URL", url)
		ts.Setenv("NATS_ADDRESS", strings.TrimPrefix(url, "nats://"))
	}
}

func (d *daemon) stop() error {
	_ = d.cmd.Process.Signal(os.Interrupt)
	select {
	case <-d.done:
		return d.err
	case <-time.After(testPatience):
		return fmt.Errorf("still running after %v", testPatience)
	}
}

func (d *daemon) kill() {
	_ = d.cmd.Process.Kill()
	<-d.done
}
