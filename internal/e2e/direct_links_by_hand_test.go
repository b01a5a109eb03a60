package e2e_test

import (
	"strconv"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/direct"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAnInstanceThatListensGivesTicketsOnItsOwnSubjectOfAServiceAlone(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("one"))
	nc, inbox := bareConnection(t, n.broker.URL()), nats.NewInbox()
	answers, err := nc.SubscribeSync(inbox + ".>")
	if err != nil {
		t.Fatal(err)
	}
	question := wire.AppendTicketRequest(wire.AppendMessageHeader(nil), wire.Fingerprint{1})
	own := "helium.at.work." + srv.Instance()
	subjects := []string{
		"helium.call.work", "helium.call.work.run", own + ".run", "helium.ctl.work." + srv.Instance(),
		own, own, // twice, so that what goes another way has had time
	}
	for i, subject := range subjects {
		if err := nc.PublishRequest(subject, inbox+"."+strconv.Itoa(i), question); err != nil {
			t.Fatal(err)
		}
		if subject != own {
			continue
		}
		m, err := answers.NextMsgWithContext(testContext(t))
		if err != nil {
			t.Fatalf("asked on %s: %v", subject, err)
		}
		at, _ := strconv.Atoi(m.Subject[len(inbox)+1:])
		if at != i {
			t.Fatalf("% x came from who was asked on %s, want nothing", m.Data, subjects[at])
		}
		if _, err := direct.ReadTicket(m.Data); err != nil {
			t.Fatalf("asked on %s: %v, want a ticket", subject, err)
		}
	}
}

func TestACallerByADirectLinkIsAskedForSignsWhateverItsCallIs(t *testing.T) {
	t.Parallel()
	takesChunksAlone := wire.Frame{Kind: wire.KindSender, Seq: 7, Abilities: wire.Chunks} // and no heartbeats
	for name, call := range map[string]wire.Frame{
		"one that runs":                   {Kind: wire.KindCall, Seq: 1, Time: 60_000, Body: pack(t, []int{1})},
		"one whose arguments are to come": {Kind: wire.KindLargeCall, Seq: 1, Time: 60_000, Body: wire.AppendExtent(nil, wire.Extent{Length: 1 << 20})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t) // of its own, as a server asks all its callers while it has a call
			srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("one"))
			nc := bareConnection(t, n.broker.URL())
			h := openByHand(t, nc, "work", srv.Instance())
			h.write(h.calls(h.service, "hold", messageOf(takesChunksAlone, call)))
			for {
				if kind, _ := h.frame(); kind == 4 {
					return
				}
			}
		})
	}
}
