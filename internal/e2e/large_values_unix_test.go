//go:build unix

package e2e_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
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
	c := n.client(rpcclient.Config{})
	n.link(t, c, "work", 1)
	tr := startLargeTraffic(c, 3, 20<<20, carry)
	eventually(t, "values under way", func() error {
		if chunks.Taken() == 0 {
			return fmt.Errorf("none")
		}
		return nil
	})
	if err := frozen.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	tr.fails(t, 0)
	ends := tr.finish()
	if took := time.Since(began); took > soon {
		t.Errorf("the calls ended after %v, want seconds instead of their deadlines of %v", took, patience)
	}
	for id, err := range ends {
		if err != nil && helium.CodeOf(err) != helium.CodeUnavailable {
			t.Errorf("call %d: %v, want unavailable", id, err)
		}
	}
	if got := chunks.Taken(); got != 0 {
		t.Errorf("%d bytes of large values are kept, want none", got)
	}
	if err := frozen.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	keptNowhere(t, n.client(rpcclient.Config{BusOnly: true}))
}
