//go:build unix

package broker_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
)

func TestAFrozenPeerIsNoticedWithinSeconds(t *testing.T) {
	t.Parallel()
	parent := start(t, broker.Config{Name: "parent", Listen: "127.0.0.1:0", Cluster: &broker.Cluster{}})
	child := exec.Command(os.Args[0])
	// Killed, it leaves its temporary directory: so that is one of the test's.
	child.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), childRoute+"="+parent.ClusterURL(), childServer+"="+parent.URL())
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
	if _, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	waitRoutes(t, 2, parent)
	nc := inProcess(t, parent)
	if _, err := nc.Request("echo", nil, patience); err != nil {
		t.Fatal(err)
	}

	if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	within(t, "the frozen client dropped", func() bool {
		_, err := nc.Request("echo", nil, 100*time.Millisecond)
		return errors.Is(err, nats.ErrNoResponders)
	})
	within(t, "the frozen member dropped", func() bool { return connected(t, parent) == 1 })
}
