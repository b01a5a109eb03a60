//go:build unix

package bus_test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
)

func TestAFrozenServerIsNoticedWithinSeconds(t *testing.T) {
	t.Parallel()
	child := exec.Command(os.Args[0])
	// Killed, it leaves its temporary directory: so that is one of the test's.
	child.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), childVariable+"=broker")
	child.Stderr = os.Stderr
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		input.Close()
		child.Process.Kill()
		child.Wait()
	})
	url, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	lost := make(chan string, 2)
	connections := make(map[string]*nats.Conn)
	for _, name := range []string{"idle", "busy"} {
		nc := connect(t, bus.Config{URL: url, Name: name})
		// IsConnected won't do: it waits for the lock that a reconnect holds.
		nc.SetDisconnectErrHandler(func(*nats.Conn, error) { lost <- name })
		connections[name] = nc
	}

	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	// Whoever writes fills the socket and then holds the client's lock: pings alone
	// can't notice.
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		payload := make([]byte, 64<<10)
		for connections["busy"].Publish("flood", payload) == nil {
		}
	}()
	limit := time.After(patience)
	for range connections {
		select {
		case <-lost:
		case <-limit:
			t.Fatalf("got a connection that still stands after %v, want both dropped after about 6s", patience)
		}
	}
	child.Process.Kill() // else the goroutine below waits for a reconnect's handshake
	<-flooded
}
