package link

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// unwatched watches no answers.
type unwatched struct{}

func (unwatched) Meet(string, string) bool                            { return false }
func (unwatched) Leaving(string)                                      {}
func (unwatched) Left(string, Caller, int, bool)                      {}
func (unwatched) Late(string, Caller, int, time.Duration) nats.Header { return nil }

func TestAnswersThatOutgrowASmallerNATSServerGoSingly(t *testing.T) {
	b, err := broker.Start(context.Background(), broker.Config{MaxPayload: 4 << 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	sub, err := nc.SubscribeSync("_INBOX.c.+1")
	if err != nil {
		t.Fatal(err)
	}
	var counters ServerCounters
	bus := NewServerBus(nc, "i1", &counters, unwatched{})
	bus.largest.Store(1 << 20) // what the NATS server before had
	m := &batch.Message{Data: wire.AppendMessageHeader(nil)}
	for seq, size := range []int{3000, 5000, 3000} {
		m.Data = wire.AppendFrame(m.Data, &wire.Frame{Kind: wire.KindReply, Seq: uint64(seq) + 1, Body: make([]byte, size)})
		m.Frames++
	}
	bus.Answer(&Outgoing{To: Caller{Key: "_INBOX.c.+", Address: "_INBOX.c.+1"}, Message: m})
	for seq, want := range []wire.Kind{wire.KindReply, wire.KindError, wire.KindReply} {
		f := onlyFrame(t, sub)
		if f.Seq != uint64(seq)+1 || f.Kind != want {
			t.Errorf("got number %d, kind %d; want %d, %d", f.Seq, f.Kind, seq+1, want)
		}
	}
	if got := bus.MaxMessage(); got != 4<<10 {
		t.Errorf("MaxMessage = %d, want what the NATS server says, 4096", got)
	}
	if replies, messages, lost := counters.Replies.Load(), counters.Messages.Load(), counters.Lost.Load(); replies != 3 || messages != 3 || lost != 0 {
		t.Errorf("%d replies in %d messages, %d lost; want 3, 3, 0", replies, messages, lost)
	}
}

func TestWhereOneAnswerIsTakenThoseThatOutgrowASmallerNATSServerGoInOneMessage(t *testing.T) {
	b, err := broker.Start(context.Background(), broker.Config{MaxPayload: 4 << 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	const reply = "_R_.c.1"
	sub, err := nc.SubscribeSync(reply)
	if err != nil {
		t.Fatal(err)
	}
	refused := helium.ErrOverloaded.WithMessage("%s", strings.Repeat("x", 5000)).WithOutcome(helium.NotExecuted)
	for name, test := range map[string]struct {
		results []int  // their sizes; 0: an error
		fit     []bool // which results arrive
		rest    bool   // an error stands for some
	}{
		"one":                              {[]int{5000}, []bool{false}, false},
		"one that is an error":             {[]int{0}, []bool{false}, false},
		"the largest of several":           {[]int{1000, 3000, 2000}, []bool{true, false, true}, false},
		"several":                          {[]int{5000, 100, 0, 9000}, []bool{false, true, false, false}, false},
		"so many that not even errors fit": {slices.Repeat([]int{300}, 200), make([]bool, 200), true},
	} {
		var counters ServerCounters
		bus := NewServerBus(nc, "i1", &counters, unwatched{})
		bus.largest.Store(1 << 20) // what the NATS server before had
		opening := wire.Frame{Kind: wire.KindInstance, Body: []byte("i1"), Abilities: wire.AnswersOnce}
		m := &batch.Message{Data: wire.AppendFrame(wire.AppendMessageHeader(nil), &opening)}
		for seq, size := range test.results {
			f := wire.Frame{Kind: wire.KindReply, Seq: uint64(seq) + 1, Body: make([]byte, size)}
			if size == 0 {
				f.Kind, f.Body = wire.KindError, wire.AppendError(nil, refused)
			}
			m.Data = wire.AppendFrame(m.Data, &f)
			m.Frames++
		}
		bus.Answer(&Outgoing{To: Caller{Key: reply, Address: reply, Ephemeral: true, Once: true}, Message: m})
		msg, err := sub.NextMsg(20 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		if n, _, err := sub.Pending(); n > 0 || err != nil {
			t.Errorf("%s: %d more messages came, %v; want one", name, n, err)
		}
		frames, err := wire.ReadMessage(msg.Data)
		var f wire.Frame
		if err == nil {
			err = frames.Next(&f)
		}
		if err != nil || f.Kind != wire.KindInstance || f.Abilities != wire.AnswersOnce {
			t.Errorf("%s: the message begins with %+v, %v; want the frame about the instance", name, f, err)
		}
		told, rest := 0, false
		for frames.More() {
			if err := frames.Next(&f); err != nil {
				t.Fatal(err)
			}
			if f.Seq == 0 {
				rest = true
				continue
			}
			told++
			if fits := f.Kind == wire.KindReply; fits != test.fit[f.Seq-1] {
				t.Errorf("%s: call %d is answered by its result: %t, want %t", name, f.Seq, fits, test.fit[f.Seq-1])
			}
			if f.Kind != wire.KindError {
				continue
			}
			want := helium.ErrResultTooLarge.WithOutcome(helium.Executed)
			if test.results[f.Seq-1] == 0 {
				want = refused
			}
			if e, err := wire.ReadError(f.Body); err != nil || !errors.Is(e, want) || e.Outcome != want.Outcome {
				t.Errorf("%s: call %d is answered by %v, %v; want %s, %s", name, f.Seq, e, err, want.Reason, want.Outcome)
			}
		}
		if rest != test.rest || !rest && told != len(test.results) || told == 0 {
			t.Errorf("%s: %d of %d calls are answered, and an error stands for the others: %t, want %t", name, told, len(test.results), rest, test.rest)
		}
		if messages, lost := counters.Messages.Load(), counters.Lost.Load(); messages != 1 || lost != 0 {
			t.Errorf("%s: %d messages, %d lost; want 1, 0", name, messages, lost)
		}
	}
}

func onlyFrame(t *testing.T, sub *nats.Subscription) (f wire.Frame) {
	t.Helper()
	msg, err := sub.NextMsg(20 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := wire.ReadMessage(msg.Data)
	if err == nil {
		err = frames.Next(&f)
	}
	if err != nil || frames.More() {
		t.Fatalf("the message %x isn't one frame: %v", msg.Data, err)
	}
	return f
}

func TestWhatComesByTheBusSaysWhatItIsForAndWhoSentIt(t *testing.T) {
	var counters ServerCounters
	bus := NewServerBus(nil, "i1", &counters, unwatched{})
	bus.Expect(map[string]Incoming{
		"helium.call.math":     {Service: "math"},
		"helium.call.math.add": {Service: "math", Method: "add"},
		"helium.at.math.i1":    {Service: "math"},
		"helium.ctl.math.i1":   {Service: "math", Cancels: true},
	})
	frames := string(wire.AppendMessageHeader(nil))
	shared, single := Caller{Key: "_INBOX.c.+", Address: "_INBOX.c.+1"}, Caller{Key: "_INBOX.c.1", Address: "_INBOX.c.1", Ephemeral: true}
	for _, c := range []struct {
		subject, reply, data string
		want                 Incoming
		plain                bool
	}{
		{"helium.call.math", shared.Address, frames, Incoming{Service: "math", From: shared}, false},
		{"helium.call.math.add", single.Address, frames, Incoming{Service: "math", Method: "add", From: single}, false},
		{"helium.call.math.add", "", "[2, 3]", Incoming{Service: "math", Method: "add"}, true},
		{"helium.at.math.i1.gone", shared.Address, frames, Incoming{Service: "math", Method: "gone", From: shared}, false},
		{"helium.ctl.math.i1", shared.Address, frames, Incoming{Service: "math", Cancels: true, From: shared}, false},
		{"elsewhere", shared.Address, frames, Incoming{From: shared}, false},
	} {
		bus.inbound.come <- &nats.Msg{Subject: "helium.call.math", Reply: "helium.call.other"} // nobody's inbox
		bus.inbound.come <- &nats.Msg{Subject: c.subject, Reply: c.reply, Data: []byte(c.data)}
		got, ok := bus.Receive()
		if plain := got.Plain != nil; plain != c.plain {
			t.Errorf("on %s: a plain request: %v, want %v", c.subject, plain, c.plain)
		}
		if !ok || string(got.Data) != c.data || got.Where != c.subject {
			t.Errorf("on %s: %q of %q, %v; want %q, true", c.subject, got.Data, got.Where, ok, c.data)
		}
		if got.Service != c.want.Service || got.Method != c.want.Method || got.Cancels != c.want.Cancels || got.From != c.want.From {
			t.Errorf("on %s: %+v, want %+v", c.subject, got, c.want)
		}
	}
	if got := counters.BadReplies.Load(); got != 6 {
		t.Errorf("BadReplies = %d, want 6", got)
	}
	bus.Close()
	if _, ok := bus.Receive(); ok {
		t.Error("something came after the end")
	}
}

func TestAPlainErrorThatIsTooLargeIsNotSent(t *testing.T) {
	bus := NewServerBus(nil, "i1", new(ServerCounters), unwatched{})
	bus.largest.Store(100)
	fault := helium.ErrBadMessage.WithMessage("short")
	if err := bus.AnswerPlain(Caller{Address: "_INBOX.c"}, "math", time.Now(), make([]byte, 200), fault); err != ErrTooLarge {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestAMarkIsReachedInItsTurn(t *testing.T) {
	b, err := broker.Start(context.Background(), broker.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	var counters ServerCounters
	bus := NewServerBus(nc, "i1", &counters, unwatched{})
	if _, err := nc.ChanSubscribe("helium.call.math", bus.Inbound()); err != nil {
		t.Fatal(err)
	}
	say := func(text string) {
		t.Helper()
		if err := nc.Publish("helium.call.math", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	say("one")
	if err := bus.Mark(context.Background(), func() { got = append(got, "a mark") }); err != nil {
		t.Fatal(err)
	}
	say("two")
	bus.Close()
	for in, ok := bus.Receive(); ok; in, ok = bus.Receive() {
		if in.Reached != nil {
			in.Reached()
		} else {
			got = append(got, string(in.Data))
		}
	}
	if want := []string{"one", "a mark", "two"}; !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}

func TestAPlainAnswerThatOutgrowsASmallerNATSServerIsNotLostInSilence(t *testing.T) {
	b, err := broker.Start(context.Background(), broker.Config{MaxPayload: 4 << 10, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("test")
	if err != nil {
		t.Fatal(err)
	}
	var counters ServerCounters
	bus := NewServerBus(nc, "i1", &counters, unwatched{})
	bus.largest.Store(1 << 20) // what the NATS server before had
	to := Caller{Key: "_INBOX.c", Address: "_INBOX.c", Ephemeral: true}
	if err := bus.AnswerPlain(to, "math", time.Now(), make([]byte, 5000), nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("AnswerPlain = %v, want ErrTooLarge, so that the caller is told", err)
	}
	if got := bus.MaxMessage(); got != 4<<10 {
		t.Errorf("MaxMessage = %d, want what the NATS server says, 4096", got)
	}
	if err := bus.AnswerPlain(to, "math", time.Now(), make([]byte, 4000), nil); err != nil || counters.Lost.Load() != 0 {
		t.Errorf("what fits: AnswerPlain = %v, and %d lost; want nil, 0", err, counters.Lost.Load())
	}
}
