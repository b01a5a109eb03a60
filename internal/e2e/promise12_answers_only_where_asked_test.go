package e2e_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// forger is a server that a client calls, and that goes by what it sees of that to end calls
// that it wasn't asked for.
type forger struct {
	t    *testing.T
	nc   *nats.Conn
	seen chan *nats.Msg

	subjects []string // where it sends what it forges
	numbers  []uint64 // those of calls that it guesses
	answers  uint64   // that it sent
	nobodies uint64   // messages that say that nobody listens
}

// around returns numbers near one that was seen.
func around(seen uint64) (guesses []uint64) {
	for n := range uint64(64) {
		guesses = append(guesses, seen+n, seen-n, n)
	}
	return guesses
}

// learn takes in a message of calls. Everywhere says that it may publish to any inbox.
func (f *forger) learn(m *nats.Msg, everywhere bool) {
	f.t.Helper()
	frames, err := wire.ReadMessage(m.Data)
	for err == nil && frames.More() {
		var call wire.Frame
		if err = frames.Next(&call); err == nil && call.Kind == wire.KindCall {
			for _, guess := range around(call.Seq) {
				if guess != call.Seq {
					f.numbers = append(f.numbers, guess)
				}
			}
		}
	}
	inbox, token, shared := strings.Cut(m.Reply, "+")
	if err != nil || !shared {
		f.t.Fatalf("the call %x with the reply subject %q: %v", m.Data, m.Reply, err)
	}
	f.subjects = append(f.subjects, m.Reply)
	if !everywhere {
		return
	}
	number, err := strconv.ParseUint(token, 36, 64)
	if err != nil {
		f.t.Fatal(err)
	}
	f.subjects = append(f.subjects, inbox+"+", inbox+"x")
	for _, guess := range around(number) {
		if guess != number {
			f.subjects = append(f.subjects, inbox+"+"+strconv.FormatUint(guess, 36))
		}
	}
}

func (f *forger) publish(m *nats.Msg) {
	f.t.Helper()
	if err := f.nc.PublishMsg(m); err != nil {
		f.t.Fatal(err)
	}
}

// each sends what make makes of each number that it guesses, in one message.
func (f *forger) each(subject string, make func(number uint64) wire.Frame) {
	f.t.Helper()
	data := wire.AppendMessageHeader(nil)
	for _, number := range f.numbers {
		frame := make(number)
		data = wire.AppendFrame(data, &frame)
	}
	f.publish(&nats.Msg{Subject: subject, Data: data})
	f.answers += uint64(len(f.numbers))
}

// errorOf is what makes its caller try again.
func errorOf(number uint64, e *helium.Error) wire.Frame {
	return wire.Frame{Kind: wire.KindError, Seq: number, Body: wire.AppendError(nil, e.WithOutcome(helium.NotExecuted))}
}

// forge sends all that could end a call.
func (f *forger) forge() {
	f.t.Helper()
	for _, subject := range f.subjects {
		f.each(subject, func(number uint64) wire.Frame {
			return wire.Frame{Kind: wire.KindReply, Seq: number, Body: []byte{0xc0}}
		})
		for _, e := range []*helium.Error{helium.ErrOverloaded, helium.ErrNoMethod, helium.ErrCut} {
			f.each(subject, func(number uint64) wire.Frame { return errorOf(number, e) })
		}
		// A message that is refused whole.
		refusal := errorOf(0, helium.ErrCut)
		f.publish(&nats.Msg{Subject: subject, Data: wire.AppendFrame(wire.AppendMessageHeader(nil), &refusal)})
		// Heartbeats of calls, with and without any.
		heartbeat := append(wire.AppendMessageHeader(nil), 0xdc, 0, byte(1+len(f.numbers[:60])), 8)
		for _, number := range f.numbers[:60] {
			heartbeat = msgpack.AppendUint(heartbeat, number)
		}
		f.publish(&nats.Msg{Subject: subject, Data: heartbeat})
		f.publish(&nats.Msg{Subject: subject, Data: append(wire.AppendMessageHeader(nil), 0x91, 8)})
		// Nobody listens, as NATS says it and as it doesn't.
		for _, m := range []*nats.Msg{
			{Header: nats.Header{"Status": {"503"}}},
			{Header: nats.Header{"Status": {"503"}}, Data: []byte("x")},
			{Header: nats.Header{"Status": {"404"}}},
			{Header: nats.Header{"Nats-Service-Error-Code": {"503"}}},
			{},
		} {
			m.Subject = subject
			f.publish(m)
		}
		f.nobodies++
	}
}

// forgeCalls has the bank cancel calls, and answer into the client's inbox, as far as it can be
// asked to.
func (f *forger) forgeCalls(instance string) (cancels uint64) {
	f.t.Helper()
	publish := func(subject, reply string, frame wire.Frame) {
		f.publish(&nats.Msg{Subject: subject, Reply: reply, Data: wire.AppendFrame(wire.AppendMessageHeader(nil), &frame)})
	}
	inbox := f.subjects[:3] // the client's, as it calls, as it cancels, and another
	for _, reply := range inbox {
		for _, number := range f.numbers {
			publish("helium.ctl.bank."+instance, reply, wire.Frame{Kind: wire.KindCancel, Seq: number})
			cancels++
		}
	}
	for _, reply := range inbox {
		for _, number := range f.numbers {
			publish("helium.call.bank.who", reply, wire.Frame{Kind: wire.KindCall, Seq: max(number, 1), Time: 60_000, Body: []byte{0x90}})
		}
	}
	return cancels
}

func TestPromise12OnlyWhoWasAskedAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, permissions string
		inboxes, calls    bool // it may publish to any inbox, and call and cancel
	}{
		{"a server that may answer what it is asked", `allow_responses: {max: 100000, expires: "1h"},`, false, false},
		{"a server that may publish to all inboxes", `publish: ["_INBOX.>"],`, true, false},
		{"a server that may call and cancel as well", `publish: ["_INBOX.>", "helium.call.>", "helium.ctl.>"],`, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := startLiarsBed(t, c.permissions)
			bank, srv, f, client := b.bank, b.srv, b.f, b.client
			ctx := testContext(t)

			// The client calls it before and after it calls the bank, whose calls are in flight.
			over, cancel := context.WithCancel(ctx)
			defer cancel()
			ask := func() {
				go func() { _ = client.Call(over, "evil.ask", nil) }()
				f.learn(receive(t, "a call", f.seen), c.inboxes)
			}
			ask()
			const calls = 20
			ended := make(chan error, calls)
			for id := range int64(calls) {
				go func() { ended <- client.Call(ctx, "bank.hold", nil, id) }()
			}
			for range calls {
				receive(t, "a Hold that began", bank.began)
			}
			ask()
			before := client.Stats()
			f.forge()
			if c.calls {
				before := srv.Stats().StrayCancels
				cancels := f.forgeCalls(srv.Instance())
				eventually(t, "all cancels to be counted as stray", func() error {
					if got := srv.Stats().StrayCancels - before; got != cancels {
						return fmt.Errorf("%d of %d", got, cancels)
					}
					return nil
				})
			}
			// What it sends on the reply subjects of its own two calls ends those, one each.
			eventually(t, "all that was forged to be counted", func() error {
				s := client.Stats()
				unmatched, nobody := s.Unmatched-before.Unmatched, s.NoResponders-before.NoResponders
				if unmatched < f.answers || nobody < f.nobodies {
					return fmt.Errorf("%d of %d answers, %d of %d that nobody listens", unmatched, f.answers, nobody, f.nobodies)
				}
				return nil
			})
			select {
			case err := <-ended:
				t.Fatalf("a call of the bank ended with %v, and the bank hasn't answered", err)
			default:
			}
			close(bank.release)
			for range calls {
				if err := receive(t, "the end of a call", ended); err != nil {
					t.Errorf("a call of the bank ended with %v, want nil", err)
				}
			}
			for id := range int64(calls) {
				if n := bank.times(id); n != 1 {
					t.Errorf("call %d ran %d times, want once", id, n)
				}
			}
			if err := client.Call(ctx, "bank.who", nil); err != nil {
				t.Errorf("a call after all that: %v", err)
			}
		})
	}
}
