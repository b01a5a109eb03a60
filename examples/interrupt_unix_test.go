//go:build unix

package examples_test

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// signal sends what Ctrl-C sends, or another signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("sending %v to the %s: %v", s, p.name, err)
	}
}

func TestCtrlCFinishesTheCallsThatRun(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	// The request must still run when the signal arrives, however slow this machine is.
	binder, server := at.startBinder(), at.startServer("-delay", "6s")
	instance := server.await(online)
	client := at.startClient("1 + 2")
	server.await(`add\(1, 2\) takes 6s`)

	server.signal(os.Interrupt)
	server.await(">> Server Stopping")
	client.awaitExit(0)
	client.wrote("1 + 2 = 3\n")
	server.awaitExit(0)
	server.wrote(">> Server Online! (" + instance + ")\nadd(1, 2) takes 6s\n>> Server Stopping\nadd(1, 2) = 3\n")
	binder.await(`(?m)^ended +math/` + instance)
}

func TestASecondCtrlCDoesNotWaitForTheCallsThatRun(t *testing.T) {
	t.Parallel()
	at := newTerminals(t)
	at.startBinder()
	server := at.startServer("-delay", "1h")
	server.await(online)
	at.startClient("1 + 2")
	server.await(`add\(1, 2\) takes 1h`)

	server.signal(os.Interrupt)
	server.await(">> Server Stopping")
	// The first one may still be on its way through the program, so press until it helps.
	press := time.NewTicker(20 * time.Millisecond)
	defer press.Stop()
	for range patience / (20 * time.Millisecond) {
		select {
		case <-server.exited:
			server.awaitExit(-1)
			return
		case <-press.C:
			_ = server.cmd.Process.Signal(os.Interrupt) // fails once it has ended
		}
	}
	t.Fatalf("the server still runs %v after the second Ctrl-C", patience)
}

func TestCtrlCEndsEveryProgramCleanly(t *testing.T) {
	for name, c := range map[string]struct {
		start func(t *testing.T, at terminals) *process // returns once the program is there
		code  int
	}{
		"a binder": {func(t *testing.T, at terminals) *process {
			binder := at.startBinder()
			binder.await("Binder Online")
			return binder
		}, 0},
		"a server": {func(t *testing.T, at terminals) *process {
			at.startBinder()
			server := at.startServer()
			server.await(online)
			return server
		}, 0},
		"a server without a broker": {func(t *testing.T, at terminals) *process {
			server := at.startServer()
			server.await("waiting for the broker")
			return server
		}, 0},
		"a client without a broker": {func(t *testing.T, at terminals) *process {
			client := at.startClient()
			client.await("waiting for the broker")
			return client
		}, 1},
		"a client without a server": {func(t *testing.T, at terminals) *process {
			at.startBinder()
			client := at.startClient()
			client.await("waiting for the service")
			return client
		}, 1},
		"a demo that waits for expressions": {func(t *testing.T, at terminals) *process {
			demo := command(t, "demo")
			stdin := demo.pipe()
			t.Cleanup(func() { stdin.Close() })
			demo.start().await("standard input")
			return demo
		}, 1},
	} {
		for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			t.Run(name+", "+s.String(), func(t *testing.T) {
				t.Parallel()
				p := c.start(t, newTerminals(t))
				p.signal(s)
				p.awaitExit(c.code)
				if c.code != 0 {
					p.complained(s.String()) // why there is no result
				}
			})
		}
	}
}
