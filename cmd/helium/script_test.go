package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/leak"
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

func (l leakless) Run() int { return leak.Run(l.m) }

// TestScripts runs the terminal sessions of testdata/script, a file each. Beside what
// testscript offers they have
//
//	up name args...       starts "helium args..." in the background and waits until it says
//	                      that it is there; a broker's address becomes NATS_URL
//	down name [signal]    ends it, by SIGINT, or by KILL, which the broker then knows
//	exits code args...    runs "helium args...", which must end with that code
//	expires args...       the same with a short --timeout and the code of a call that took
//	                      longer; if NATS wasn't even reached in that time, with a longer one
//	until words args...   runs "helium args..." until it ends well and prints the words
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
			"up": scriptUp, "down": scriptDown, "exits": scriptExits, "expires": scriptExpires,
			"until": scriptUntil, "session": scriptSession, "module": scriptModule,
		},
	})
}

func scriptExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 1 {
		ts.Fatalf("usage: exits code args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitOf(ts, args[1:]...); got != want {
		ts.Fatalf("helium %s: got exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// exitOf runs "helium args..." and returns how it ended.
func exitOf(ts *testscript.TestScript, args ...string) int {
	err := ts.Exec("helium", args...)
	if exited, ok := errors.AsType[*exec.ExitError](err); ok {
		return exited.ExitCode()
	}
	ts.Check(err)
	return cli.ExitOK
}

func scriptExpires(ts *testscript.TestScript, _ bool, args []string) {
	for timeout := 300 * time.Millisecond; ; timeout *= 4 {
		got := exitOf(ts, append(args, "--timeout", timeout.String())...)
		if got == cli.ExitNoBus && timeout < testPatience {
			continue
		}
		if got != cli.ExitDeadline {
			ts.Fatalf("helium %s, within %v: got exit code %d, want %d", strings.Join(args, " "), timeout, got, cli.ExitDeadline)
		}
		return
	}
}

func scriptUntil(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until words args...")
	}
	for deadline := time.Now().Add(testPatience); ; {
		if exitOf(ts, args[1:]...) == cli.ExitOK && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("helium %s never printed %q", strings.Join(args[1:], " "), args[0])
		}
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
		d.awaitGone(ts)
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

	out, errs lockedBuffer // stdout, and stderr, on which a log may come at any moment
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
	for _, name := range cli.Variables {
		d.cmd.Env = append(d.cmd.Env, name+"=") // nobody's own credentials
	}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.errs
	ts.Check(d.cmd.Start())
	go func() {
		d.err = d.cmd.Wait()
		close(d.done)
	}()
	ts.Defer(d.kill)
	ts.Value(daemonsKey{}).(map[string]*daemon)[name] = d
	return d
}

func (d *daemon) printed() string { return d.out.String() + d.errs.String() }

// testPatience is how long something may take that takes no time on an idle machine.
const testPatience = 30 * time.Second

// waitFor waits until the daemon printed something and hands its broker's address on.
func (d *daemon) waitFor(ts *testscript.TestScript, want string) {
	deadline := time.After(testPatience)
	for !strings.Contains(normal(d.out.String()), normal(want)) {
		select {
		case <-d.done:
			ts.Fatalf("%v ended: %v; it printed:\n%s\nwant:\n%s", d.cmd, d.err, d.printed(), want)
		case <-deadline:
			ts.Fatalf("%v printed:\n%s%s\nwant:\n%s", d.cmd, normal(d.out.String()), d.errs.String(), normal(want))
		case <-time.After(5 * time.Millisecond):
		}
	}
	if url := anyURL.FindString(d.out.String()); url != "" {
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

// awaitGone waits until the broker has noticed that a daemon, which was killed, is gone:
// until nobody listens where it did.
func (d *daemon) awaitGone(ts *testscript.TestScript) {
	subject := "helium.binder.list"
	if d.cmd.Args[1] == "serve" {
		subject = "helium.at." + d.cmd.Args[2] + "." + anyInstance.FindString(d.out.String()) + ".nothing"
	}
	nc, err := nats.Connect(ts.Getenv("NATS_URL"), nats.Timeout(testPatience))
	ts.Check(err)
	defer nc.Close()
	for deadline := time.Now().Add(testPatience); ; {
		_, err := nc.Request(subject, nil, 100*time.Millisecond)
		if errors.Is(err, nats.ErrNoResponders) {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%v was killed, and %s still has a listener: got %v, want no responders", d.cmd, subject, err)
		}
	}
}
