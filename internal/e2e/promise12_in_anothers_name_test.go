package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

func messageOf(frames ...wire.Frame) []byte {
	data := wire.AppendMessageHeader(nil)
	for i := range frames {
		data = wire.AppendFrame(data, &frames[i])
	}
	return data
}

func TestPromise12WhoSpeaksInAnothersNameHarmsOnlyItsOwnCalls(t *testing.T) {
	t.Parallel()
	b := startLiarsBed(t, `publish: ["_INBOX.>", "helium.call.>", "helium.at.>", "helium.ctl.>"],`)
	bank, srv, f, client := b.bank, b.srv, b.f, b.client
	ctx := testContext(t)
	over, cancel := context.WithCancel(ctx)
	defer cancel()
	ask := func() (m *nats.Msg) {
		t.Helper()
		go func() { _ = client.Call(over, "evil.ask", nil) }()
		m = receive(t, "a call", f.seen)
		f.learn(m, false)
		return m
	}
	inbox, _, _ := strings.Cut(ask().Reply, "+")
	const calls = 20
	ended := make(chan error, calls)
	for id := range int64(calls) {
		go func() { ended <- client.Call(ctx, "bank.hold", nil, id) }()
	}
	for range calls {
		receive(t, "a Hold that began", bank.began)
	}

	// Heartbeats to a caller show it where NATS says that nobody took one.
	mine := f.nc.NewInbox()
	beats, err := f.nc.SubscribeSync(mine + ".*")
	if err != nil {
		t.Fatal(err)
	}
	holds := wire.Frame{Kind: wire.KindCall, Seq: 7, Time: 60_000, Body: []byte{0x91, 100}}
	f.publish(&nats.Msg{Subject: "helium.call.bank.hold", Reply: mine + ".+1", Data: messageOf(wire.Frame{Kind: wire.KindSender, Seq: 5, Abilities: wire.Heartbeats}, holds)})
	beat, err := beats.NextMsgWithContext(ctx)
	if err != nil || beat.Reply == "" {
		t.Fatalf("a heartbeat %+v, %v; want one with a reply subject", beat, err)
	}
	nobodyTook, sign, _ := cutLast(strings.TrimSuffix(beat.Reply, "."+mine+".+"), ".")
	number, err := strconv.ParseUint(sign, 36, 64)
	if err != nil {
		t.Fatalf("the reply subject %q of a heartbeat: %v", beat.Reply, err)
	}

	heard := make(chan *nats.Msg, 1000)
	if _, err := b.connect("good").ChanSubscribe(inbox+"*", heard); err != nil {
		t.Fatal(err)
	}
	told := 0 // heartbeats of the client's calls
	seq := uint64(1000)
	eventually(t, "heartbeats for some seconds, while another one speaks in the client's and in the bank's name", func() error {
		// In the client's name, with other abilities and readings.
		for _, sender := range []wire.Frame{{Kind: 127}, {Kind: wire.KindSender, Seq: 5}, {Kind: wire.KindSender, Seq: 5, Time: 1 << 62, Abilities: ^wire.Heartbeats}} {
			seq++
			f.publish(&nats.Msg{Subject: "helium.call.bank.who", Reply: inbox + "+x", Data: messageOf(sender, wire.Frame{Kind: wire.KindCall, Seq: seq, Time: 60_000, Body: []byte{0x90}})})
		}
		f.publish(&nats.Msg{Subject: "helium.at.bank." + srv.Instance() + ".who", Reply: inbox + "y", Data: messageOf(wire.Frame{Kind: wire.KindSender, Seq: 6})})
		// As NATS, that nobody took the client's heartbeats.
		for _, guess := range around(number) {
			for _, subject := range []string{nobodyTook + "." + strconv.FormatUint(guess, 36) + "." + inbox + "+", nobodyTook + "." + inbox + "+"} {
				f.publish(&nats.Msg{Subject: subject, Header: nats.Header{"Status": {"503"}}})
			}
		}
		// In the bank's name, where it was asked itself and where it wasn't.
		about := wire.Frame{Kind: wire.KindInstance, Body: []byte(srv.Instance()), Abilities: wire.AnswersOnce}
		f.publish(&nats.Msg{Subject: inbox + "+z", Data: messageOf(about)})
		f.publish(&nats.Msg{Subject: inbox + "+z", Data: messageOf(about, wire.Frame{Kind: wire.KindRunning, Body: wire.AppendNumber(nil, f.numbers[0])})})
		m := ask()
		call := callIn(t, m)
		expired := helium.ErrExpired.WithDetail(wire.WaitedDetail, "1000000").WithOutcome(helium.NotExecuted)
		f.publish(&nats.Msg{Subject: m.Reply, Data: messageOf(about, wire.Frame{Kind: wire.KindRunning, Body: wire.AppendNumber(nil, call.Seq)}, errorOf(call.Seq, expired))})
		for len(heard) > 0 {
			if m := <-heard; strings.HasPrefix(m.Reply, nobodyTook+".") {
				told++
			}
		}
		if told < 8 {
			return fmt.Errorf("%d", told)
		}
		return nil
	})
	select {
	case err := <-ended:
		t.Fatalf("a call of the bank ended with %v, and the bank hasn't answered", err)
	default:
	}
	if s, c := srv.Stats(), client.Stats(); s.Abandoned != 0 || c.Silent != 0 || c.SilentInstances != 0 {
		t.Errorf("Abandoned %d, Silent %d, SilentInstances %d; want none", s.Abandoned, c.Silent, c.SilentInstances)
	}
	close(bank.release)
	for range calls {
		if err := receive(t, "the end of a call", ended); err != nil {
			t.Errorf("a call of the bank ended with %v, want nil", err)
		}
	}
	before := client.Stats()
	var together sync.WaitGroup
	var failed sync.Map
	for range 500 {
		together.Go(func() {
			if err := client.Call(ctx, "bank.who", nil); err != nil {
				failed.Store(err.Error(), true)
			}
		})
	}
	together.Wait()
	for why := range failed.Range {
		t.Errorf("a call after all that: %v", why)
	}
	if s := client.Stats(); s.MessagesSent-before.MessagesSent == s.FramesSent-before.FramesSent {
		t.Errorf("%d calls left in as many messages, want fewer: somebody else has said that the bank answers once", s.FramesSent-before.FramesSent)
	}
}

// cutLast cuts a text at the last separator.
func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

// callIn returns the first call in a message.
func callIn(t *testing.T, m *nats.Msg) (call wire.Frame) {
	t.Helper()
	frames, err := wire.ReadMessage(m.Data)
	for err == nil && frames.More() {
		if err = frames.Next(&call); err == nil && call.Kind == wire.KindCall {
			return call
		}
	}
	t.Fatalf("the message %x: %v", m.Data, errors.Join(err, errors.New("it has no call")))
	return call
}
