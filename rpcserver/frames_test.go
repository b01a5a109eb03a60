package rpcserver_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

func methodFrame(f wire.Frame, method string) wire.Frame {
	f.Method = method
	return f
}

// wantError checks an answer: the error, and that nothing ran.
func wantError(t *testing.T, f wire.Frame, want error) *helium.Error {
	t.Helper()
	if f.Kind != wire.KindError {
		t.Fatalf("got a frame of kind %d, body %x; want the error %v", f.Kind, f.Body, want)
	}
	err, readErr := wire.ReadError(f.Body)
	if readErr != nil {
		t.Fatalf("got an error that can't be read: %v", readErr)
	}
	if !errors.Is(err, want) || err.Outcome != helium.NotExecuted || err.Instance == "" {
		t.Errorf("got the error %v (%s, %v, by %q), want %v, not executed, by an instance", err, err.Reason, err.Outcome, err.Instance, want)
	}
	return err
}

func wantResult(t *testing.T, f wire.Frame, seq uint64, want any) {
	t.Helper()
	body := packed(t, want)
	if f.Kind != wire.KindReply || f.Seq != seq || !bytes.Equal(f.Body, body) {
		t.Errorf("got kind %d, number %d, body %x; want a reply, %d, %x", f.Kind, f.Seq, f.Body, seq, body)
	}
}

const (
	echo    = "helium.call.probe.echo"
	service = "helium.call.probe"
)

func TestAMessageThatBreaksTheProtocolIsRefusedWhole(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	good := callFrame(1, "x")
	many := make([]wire.Frame, 5000)
	for i := range many {
		many[i] = callFrame(uint64(i)+1, "x")
	}
	broken := map[string][]byte{
		"header only":                message(),
		"one byte":                   {wire.Magic},
		"another version":            {wire.Magic, 9, 0x90},
		"a truncated second frame":   append(message(good), 0x95, 0x01),
		"a frame that is no array":   append(message(good), 0x01),
		"an empty frame":             append(message(good), 0x90),
		"a kind that is no number":   append(message(good), 0x91, 0xc0),
		"a length that lies":         append(message(good), 0xdd, 0xff, 0xff, 0xff, 0xff),
		"sequence number 0":          message(good, callFrame(0, "x")),
		"thousands of calls":         message(many...),
		"metadata that lie":          append(message(good), 0x95, 0x01, 0x02, 0x03, 0xdf, 0xff, 0xff, 0xff, 0xff),
		"trailing bytes":             append(message(good), 0xc1),
		"a call of too few elements": append(message(good), 0x93, 0x01, 0x02, 0x03),
	}
	for name, data := range broken {
		peer.send(echo, "1", data)
		f := peer.one()
		if f.Seq != 0 {
			t.Errorf("%s: the refusal has the number %d, want 0: it concerns the message", name, f.Seq)
		}
		if e := wantError(t, f, helium.ErrBadMessage); testing.Verbose() {
			t.Logf("%s: %v", name, e)
		}
	}
	if got, want := srv.Stats().Malformed, uint64(len(broken)); got != want {
		t.Errorf("Malformed = %d, want %d", got, want)
	}
	if got := p.calls.Load(); got != 0 {
		t.Errorf("%d calls of refused messages ran, want none", got)
	}
	for _, data := range broken {
		peer.send(echo, "", data) // nobody to tell
	}
	peer.quietly()
}

func TestFramesOfUnknownKindsAndFurtherElementsAreForVersionsToCome(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	data := append(message(), 0x93, 0x63, 0x01, 0x02) // kind 99
	frame := callFrame(4, "x")
	longer := wire.AppendFrame(nil, &wire.Frame{Kind: frame.Kind, Seq: frame.Seq, Time: frame.Time, Body: frame.Body, Method: "echo"})
	longer[0]++                   // one element more
	longer = append(longer, 0xc0) // nil
	peer.send(echo, "1", append(data, longer...))
	wantResult(t, peer.one(), 4, "x")
}

func TestACallThatCannotBeRunIsRefusedAndTheOthersRun(t *testing.T) {
	t.Parallel()
	w, _, _, _ := start(t, rpcserver.Config{})
	serveWide(t, w)
	peer := w.peer()
	empties := slices.Repeat([]any{map[string]any{}}, 100_000)
	for _, c := range []struct {
		name, subject string
		frame         wire.Frame
		want          error
	}{
		{"another method than the subject's", echo, methodFrame(callFrame(1, "x"), "panic"), helium.ErrBadMessage},
		{"no method on the service's subject", service, callFrame(1, "x"), helium.ErrBadMessage},
		{"an unknown method", service, methodFrame(callFrame(1, "x"), "nonsense"), helium.ErrNoMethod},
		{"too few arguments", echo, callFrame(1), helium.ErrBadArgument},
		{"too many arguments", echo, callFrame(1, "x", "y"), helium.ErrBadArgument},
		{"an argument of another type", echo, callFrame(1, 5), helium.ErrBadArgument},
		{"arguments that are no array", echo, wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000, Body: []byte{0x80}}, helium.ErrBadArgument},
		{"no arguments at all", echo, wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000}, helium.ErrBadArgument},
		{"arguments with a length that lies", echo, wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000, Body: []byte{0xdd, 0xff, 0xff, 0xff, 0xff}}, helium.ErrBadArgument},
		{"metadata that are no map", echo, wire.Frame{Kind: wire.KindCall, Seq: 1, Time: 60_000, Metadata: []byte{0x05}, Body: callFrame(1, "x").Body}, helium.ErrBadMessage},
		{"no time left", echo, wire.Frame{Kind: wire.KindCall, Seq: 1, Body: callFrame(1, "x").Body}, helium.ErrExpired},
		{"values that are small on the wire only", "helium.call.wide.values", callFrame(1, empties...), helium.ErrBadArgument},
		{"pointers to such values", "helium.call.wide.pointers", callFrame(1, empties...), helium.ErrBadArgument},
	} {
		t.Run(c.name, func(t *testing.T) {
			good := methodFrame(callFrame(2, "x"), c.frame.Method)
			if c.frame.Method != "" {
				good.Method = "echo"
			}
			peer.send(c.subject, "+1", message(c.frame))
			wantError(t, peer.one(), c.want)
			if c.subject == echo {
				peer.send(c.subject, "+2", message(good))
				wantResult(t, peer.one(), 2, "x")
			}
		})
	}
}

// wideArgs is large in memory and a byte on the wire.
type wideArgs struct {
	A                                                                         *[4096]int64
	B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R, S, T, U, V, W, X, Y, Z string
}

type wideService struct{}

func (wideService) Pointers(...*wideArgs) {}
func (wideService) Values(...wideArgs)    {}

func serveWide(t *testing.T, w *world) {
	t.Helper()
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet()})
	if err := rpcserver.Register(srv, "wide", wideService{}); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Shutdown(testContext(t)) })
}

func TestASequenceNumberInFlightIsNotRunAgain(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	peer.send("helium.call.probe.block", "+1", message(callFrame(7), callFrame(7)))
	receive(t, "the first call", p.entered)
	peer.send("helium.call.probe.block", "+2", message(callFrame(7)))
	eventually(t, "the duplicates are counted", func() bool { return srv.Stats().Duplicates == 2 })
	p.releaseAll()
	wantResult(t, peer.one(), 7, nil)
	if got := p.calls.Load(); got != 1 {
		t.Errorf("the call ran %d times, want once", got)
	}
	peer.quietly()
}

func TestATimeLeftBeyondAllSenseIsTaken(t *testing.T) {
	w, _, _, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	f := callFrame(1, "x")
	f.Time = 1<<64 - 1
	peer.send(echo, "1", message(f))
	wantResult(t, peer.one(), 1, "x")
}

func TestEachMessageIsAnsweredWhereItAsked(t *testing.T) {
	w, _, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	for i := range 3 {
		token := string(rune('a' + i))
		peer.send("helium.call.probe.block", token, message(callFrame(1)))
		receive(t, "the call", p.entered)
	}
	p.releaseAll()
	seen := map[string]bool{}
	for range 3 {
		token, frames := peer.next()
		seen[token] = true
		if len(frames) != 1 {
			t.Errorf("%d answers in a message, want 1: inboxes of one message share none", len(frames))
		}
	}
	if len(seen) != 3 {
		t.Errorf("answers came at %v, want each at its own", seen)
	}
}

func TestAnswersToOneInboxShareMessages(t *testing.T) {
	t.Parallel()
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	const calls = 2000
	for i := range calls {
		peer.send("helium.call.probe.block", "+"+string(rune('a'+i%26)), message(callFrame(uint64(i)+1)))
	}
	for range 1024 {
		receive(t, "a call", p.entered)
	}
	p.releaseAll()
	answered := map[uint64]bool{}
	for len(answered) < calls {
		token, frames := peer.next()
		if token[0] != '+' {
			t.Fatalf("an answer came at %q, want one of the shared tokens", token)
		}
		for _, f := range frames {
			if answered[f.Seq] {
				t.Fatalf("call %d was answered twice", f.Seq)
			}
			answered[f.Seq] = true
		}
	}
	if s := srv.Stats(); s.RepliesSent != calls || s.MessagesSent >= calls/2 {
		t.Errorf("%d replies in %d messages, want %d in far fewer", s.RepliesSent, s.MessagesSent, calls)
	}
}

func TestRepliesToWhatIsNoInboxAreDroppedAndCounted(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	nc := w.conn()
	foreign := []string{"helium.binder.end.probe", "$JS.API.STREAM.DELETE.x", "foo", "_INBO.x"}
	for _, reply := range foreign {
		for _, data := range [][]byte{message(callFrame(1, "x")), []byte(`["x"]`)} {
			if err := nc.PublishRequest(echo, reply, data); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := uint64(2 * len(foreign))
	eventually(t, "they are counted", func() bool { return srv.Stats().BadReplies == want })
	w.peer().quietly()
	if got := p.calls.Load(); got != 1 {
		t.Errorf("%d calls ran, want the last one only", got)
	}
}

func TestACallWithoutReplyRunsUnanswered(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	notify := callFrame(0)
	notify.Kind = wire.KindNotify
	const count = "helium.call.probe.count"
	peer.send(count, "", message(callFrame(1), callFrame(2)))
	peer.send(count, "1", message(notify, notify, notify))
	eventually(t, "all run", func() bool { return p.calls.Load() == 5 })
	peer.quietly()
	if got := srv.Stats().RepliesSent; got != 1 {
		t.Errorf("%d replies were sent, want the last call's only", got)
	}
}

func TestACallToAnInstanceThatDoesNotServeItIsRefusedAtOnce(t *testing.T) {
	w, srv, _, _ := start(t, rpcserver.Config{PerMethod: true})
	peer := w.peer()
	at := "helium.at.probe." + srv.Instance()
	for _, subject := range []string{at + ".nonsense", at + ".echo.more", at} {
		peer.send(subject, "1", message(methodFrame(callFrame(1, "x"), "echo")))
		wantError(t, peer.one(), helium.ErrNoMethod)
	}
	peer.send(at+".echo", "1", message(callFrame(1, "x")))
	wantResult(t, peer.one(), 1, "x")
	other := "helium.at.other." + srv.Instance() + ".echo"
	if _, err := w.conn().Request(other, []byte(`["x"]`), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a request on %s: %v, want no responders", other, err)
	}
}

func TestAServerPerMethodDoesNotListenOnTheServicesSubject(t *testing.T) {
	w, _, _, c := start(t, rpcserver.Config{PerMethod: true})
	if _, err := w.conn().Request(service, []byte("[]"), patience); !errors.Is(err, nats.ErrNoResponders) {
		t.Errorf("a request on %s: %v, want no responders", service, err)
	}
	var got string
	if err := c.Call(testContext(t), "probe.echo", &got, "x"); got != "x" || err != nil {
		t.Errorf("a client's call = %q, %v; want x, nil", got, err)
	}
}
