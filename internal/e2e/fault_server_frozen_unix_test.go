//go:build unix

package e2e_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium/rpcclient"
)

func TestAFrozenServerIsNoticedWithinSecondsAndTheOthersTakeItsCalls(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	c := n.client(rpcclient.Config{})
	frozen, other := n.launchWorker(), n.launchWorker()
	if got := whoAnswers(c, patience); len(got) != 2 {
		t.Fatalf("40 calls met %v, want both of two servers", got)
	}
	if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	eventually(t, "the other server alone", func() error {
		if err := callWithin(time.Second, c, 1); err != nil {
			return err // this one was the frozen server's
		}
		return onlyAnswers(c, other.words[0])
	})
	// NATS by itself takes minutes.
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v, want seconds", took)
	}
	n.checkRegistered(2)

	thaw(t, frozen, c)
}

// thaw lets one of two servers go on, and returns once calls of a client meet both.
func thaw(t *testing.T, frozen *process, c *rpcclient.Client) {
	t.Helper()
	if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both servers again", func() error {
		if got := whoAnswers(c, 2*time.Second); len(got) != 2 {
			return fmt.Errorf("40 calls met %v", got)
		}
		return nil
	})
}
