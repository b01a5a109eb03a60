package node_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcserver"
)

// partVariable makes the test binary a server in a process of its own, which tests may freeze and kill: it holds
// the address of the broker.
const partVariable = "HELIUM_NODE_TEST_PART"

// work is the service of such a server, as well as math.
type work struct {
	instance string
	running  atomic.Int64
	noted    atomic.Int64
}

// Who returns the name of the instance.
func (w *work) Who() string { return w.instance }

// Hold waits until its context ends.
func (w *work) Hold(ctx context.Context) error {
	w.running.Add(1)
	defer w.running.Add(-1)
	<-ctx.Done()
	return ctx.Err()
}

// Note notes that it was called.
func (w *work) Note() { w.noted.Add(1) }

// Noted returns how often that was.
func (w *work) Noted() int64 { return w.noted.Load() }

// Holds returns how many Holds run.
func (w *work) Holds() int64 { return w.running.Load() }

// playPart serves until the standard input ends. It prints its instance once it can be called. Where listen isn't
// "", it offers direct links there.
func playPart(url, listen string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	nc, err := bus.Connect(ctx, bus.Config{URL: url, Name: "part", Logger: quiet})
	if err != nil {
		return err
	}
	defer nc.Close()
	srv := rpcserver.New(nc, rpcserver.Config{Listen: listen, Logger: quiet})
	if err := rpcserver.Register(srv, "work", &work{instance: srv.Instance()}); err != nil {
		return err
	}
	if err := rpcserver.Register[mathsvc.Service](srv, "math", mathsvc.New()); err != nil {
		return err
	}
	if err := srv.Start(ctx); err != nil {
		return err
	}
	fmt.Println(srv.Instance())
	_, _ = io.Copy(io.Discard, os.Stdin)
	ended, end := context.WithTimeout(context.Background(), time.Millisecond)
	defer end()
	_ = srv.Shutdown(ended) // calls that still wait are cut
	return nil
}

// startPart starts a server in a process of its own, and returns how tests in JavaScript find it: its instance, and the
// number of the process.
func startPart(t *testing.T, n *network, listen string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), partVariable+"="+n.broker.URL()+" "+listen)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill() // it may be frozen
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("a server doesn't start: %v", err)
	}
	return fmt.Sprintf("%s:%d", strings.TrimSpace(line), cmd.Process.Pid)
}
