package namespace_test

import (
	"net"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/internal/chaos/namespace"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

func TestANamespaceIsANetworkOfItsOwn(t *testing.T) {
	n, err := namespace.New("")
	if err != nil {
		t.Logf("this machine has none, which a run says: %v", err)
		return
	}
	defer n.Close()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := make(chan error)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with this goroutine
		if err := n.Enter(); err != nil {
			taken <- err
			return
		}
		// Nobody else has the address here, so it is free.
		other, err := net.Listen("tcp4", listener.Addr().String())
		if err == nil {
			err = other.Close()
		}
		taken <- err
	}()
	if err := <-taken; err != nil {
		t.Errorf("an address that is taken outside: %v, want it free inside", err)
	}
}

func TestWhatTheKernelCannotDoIsSaid(t *testing.T) {
	n, err := namespace.New("no such thing")
	if err == nil {
		n.Close()
		t.Fatal("a namespace with nonsense was made, want an error")
	}
	if text := err.Error(); !strings.Contains(text, "namespace") && !strings.Contains(text, "no such thing") && !strings.Contains(text, "ip link") {
		t.Errorf("the error is %q, want one that says what wasn't possible", text)
	}
}
