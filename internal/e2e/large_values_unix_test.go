//go:build unix

package e2e_test

import (
	"syscall"
	"testing"

	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAServerThatFreezesInMidValueFailsItsCallsWithinSecondsAndFreesAll(t *testing.T) {
	for kind, carry := range carries {
		t.Run(kind, func(t *testing.T) {
			overEachLinkInTurn(t, func(t *testing.T, n network) { frozenInMidValue(t, n, carry) })
		})
	}
}

func frozenInMidValue(t *testing.T, n network, carry carrier) {
	frozen := n.launchWorker()
	strikeInMidValue(t, n, carry, func() {
		if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	})
	if got := chunks.Taken(); got != 0 {
		t.Errorf("%d bytes of large values are kept, want none", got)
	}
	if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	keptNowhere(t, n.client(rpcclient.Config{BusOnly: true}))
}
