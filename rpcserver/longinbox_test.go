package rpcserver_test

import (
	"strings"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

// NATS closes a connection for a line that is too long, and callers choose how long their reply
// subjects are.
func TestACallerWithAVeryLongInboxCostsTheServerNothing(t *testing.T) {
	for name, token := range map[string]string{
		"many of them": "+" + strings.Repeat("x", 4000),
		"one":          strings.Repeat("x", 1000) + "." + strings.Repeat("x", 1500) + ".+",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, broker.Config{})
			nc := w.conn()
			w.startBinder(binder.Config{})
			_, p := w.serveAs(nc, rpcserver.Config{Logger: quiet(), NoMonitoring: true})
			peer := w.peer()
			sub, err := peer.nc.SubscribeSync(peer.inbox + ".>")
			if err != nil {
				t.Fatal(err)
			}
			about := wire.Frame{Kind: wire.KindSender, Seq: 77, Time: 5, Abilities: wire.Heartbeats}
			peer.send("helium.call.probe.block", token, message(about, callFrame(1)))
			receive(t, "the blocked call", p.entered)
			for range 2 {
				if msg, err := sub.NextMsg(patience); err != nil || msg.Reply != "" {
					t.Fatalf("got %+v, %v; want a heartbeat, without a reply subject", msg, err)
				}
			}
			p.releaseAll()
			if n := nc.Stats().Reconnects; n != 0 {
				t.Errorf("the server connected %d times more, want its connection to stand", n)
			}
		})
	}
}
