package e2e_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// formerRecord is what an instance registered before there were direct links, and before that what
// instances could do.
var formerRecord = map[string]string{
	"before direct links": `{"service":"work","instance":"former1","version":"1.0.0","lease_ms":3600000,"abilities":5,"methods":[{"name":"run","signature":"run(int64) int64","kind":"call"}]}`,
	"before abilities":    `{"service":"work","instance":"former1","version":"1.0.0","lease_ms":3600000,"methods":[{"name":"run","signature":"run(int64) int64","kind":"call"}]}`,
}

// serveFormer serves work.run as such an instance does: it knows frames of calls and of who sends them,
// and ignores all others. It returns how many calls have come, and how many messages that held none.
func serveFormer(t *testing.T, nc *nats.Conn, record string) (calls, others *atomic.Int64) {
	t.Helper()
	calls, others = new(atomic.Int64), new(atomic.Int64)
	answer := func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		if err != nil {
			t.Errorf("a message that can't be read: %v", err)
			return
		}
		reply := []byte{0xc1, 0x01}
		for some := false; ; some = true {
			var f wire.Frame
			if !frames.More() || frames.Next(&f) != nil {
				if some {
					break
				}
				return
			}
			if f.Kind == wire.KindCall {
				calls.Add(1)
				reply = wire.AppendFrame(reply, &wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: f.Body[1:]}) // its one argument
			}
		}
		if len(reply) == 2 {
			others.Add(1)
			return
		}
		_ = m.Respond(reply)
	}
	for _, subject := range []string{"helium.call.work", "helium.call.work.run"} {
		if _, err := nc.QueueSubscribe(subject, "helium", answer); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"helium.at.work.former1", "helium.at.work.former1.>"} {
		if _, err := nc.Subscribe(subject, answer); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := nc.RequestWithContext(testContext(t), "helium.binder.register.work", []byte(record)); err != nil {
		t.Fatal(err)
	}
	return calls, others
}

func TestAnInstanceOfBeforeDirectLinksIsCalledByTheBusAndAskedForNone(t *testing.T) {
	t.Parallel()
	for name, record := range formerRecord {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t)
			calls, others := serveFormer(t, bareConnection(t, n.broker.URL()), record)
			c := n.client(rpcclient.Config{})
			for i := range int64(100) {
				if err := callWithin(patience, c, i); err != nil {
					t.Fatalf("call %d: %v", i, err)
				}
			}
			if links := c.DirectLinks(); len(links) != 0 || calls.Load() != 100 || others.Load() != 0 {
				t.Errorf("the client looks for links: %+v; %d calls and %d messages without any came, want none, 100 and none", links, calls.Load(), others.Load())
			}

			// Beside one of today, each has its share: the former one by the bus.
			serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("today"))
			linked(t, c, 1)
			before := calls.Load()
			direct := byLink(t, c, 400)
			if former := calls.Load() - before; direct < 120 || former < 40 || int64(direct)+former > 400 {
				t.Errorf("of 400 calls %d went by the link and %d to the former instance, want about half and a fourth at least", direct, former)
			}
		})
	}
}

func TestACallerOfBeforeDirectLinksIsAnsweredByAServerThatListens(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	srv := serve(t, n.dial(), rpcserver.Config{Listen: listening}, "work", newWorker("today"))
	nc := bareConnection(t, n.broker.URL())
	// work.run(5) with five seconds left, as callers sent it, who said nothing of themselves.
	call, err := hex.DecodeString(strings.ReplaceAll("c101 95 01 cd03e8 cd1388 c0 c402 9105", " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"helium.call.work.run", "helium.at.work." + srv.Instance() + ".run"} {
		answer, err := nc.RequestWithContext(testContext(t), subject, call)
		if err != nil {
			t.Fatalf("on %s: %v", subject, err)
		}
		frames, err := wire.ReadMessage(answer.Data)
		var f wire.Frame
		for err == nil {
			if f.Kind != 0 {
				err = errors.New("there are several frames")
			} else if err = frames.Next(&f); !frames.More() {
				break
			}
		}
		if err != nil || f.Kind != wire.KindReply || f.Seq != 1000 || fmt.Sprintf("%x", f.Body) != "05" {
			t.Errorf("on %s: % x, %v; want one frame, which answers call 1000 with 5", subject, answer.Data, err)
		}
	}
}
