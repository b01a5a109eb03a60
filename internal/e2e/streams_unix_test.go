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
		busy, idle, sent := n.ends(c, "work.feed"), n.ends(c, "work.tick"), n.swallowed(c)
		server.signal(syscall.SIGSTOP)
		for what, end := range map[string]<-chan error{"a busy stream": busy, "an idle stream": idle, "a stream that is sent": sent} {
			wantLost(t, what, receive(t, "the end of "+what, end), helium.ErrSilent, helium.ErrDisconnected)
		}
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
