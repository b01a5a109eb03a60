//go:build unix

package e2e_test

import (
	"syscall"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAStreamOfAFrozenServerEndsAndGoesNowhereWhenThatThaws(t *testing.T) {
	t.Parallel()
	overEachLink(t, func(t *testing.T, n network) {
		server := n.launchWorker()
		c := n.client(rpcclient.Config{})
		n.link(t, c, "work", 1)
		ends := n.allEnds(c)
		server.signal(syscall.SIGSTOP)
		wantAllLost(t, ends, helium.ErrSilent, helium.ErrDisconnected)
		server.signal(syscall.SIGCONT)
		// It is called again, and begins new streams.
		eventually(t, "a stream of the server that has thawed", func() error {
			for _, err := range rpcclient.Stream[int](testContext(t), c, "work.feed") {
				return err
			}
			return nil
		})
	})
}
