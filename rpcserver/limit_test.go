package rpcserver_test

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver"
)

const (
	block = "helium.call.probe.block"
	count = "helium.call.probe.count"
)

func TestPastItsLimitAServerRefusesAtOnce(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{MaxInFlight: 3, MaxQueue: 2})
	peer := w.peer()
	for seq := range uint64(5) {
		peer.send(block, "+1", message(callFrame(seq+1)))
	}
	for range 3 {
		receive(t, "a call that runs", p.entered)
	}
	eventually(t, "3 run and 2 wait", func() bool { s := srv.Stats(); return s.Running == 3 && s.Waiting == 2 })
	peer.send(block, "+1", message(callFrame(6)))
	f := peer.one()
	if e := wantError(t, f, helium.ErrOverloaded); f.Seq != 6 || e.Code != helium.CodeResourceExhausted {
		t.Errorf("call %d was refused with %v, want call 6 with resource exhausted", f.Seq, e.Code)
	}
	if got := srv.Stats().Refused; got != 1 {
		t.Errorf("Refused = %d, want 1", got)
	}
	p.releaseAll()
	for answered := 0; answered < 5; {
		_, frames := peer.next()
		for _, f := range frames {
			if f.Kind != wire.KindReply {
				t.Errorf("call %d got a frame of kind %d, want its reply", f.Seq, f.Kind)
			}
			answered++
		}
	}
}

func TestTheLimitIs1024CallsUnlessSetOtherwise(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	frames := make([]wire.Frame, 2049)
	for i := range frames {
		frames[i] = callFrame(uint64(i) + 1)
	}
	peer.send(block, "+1", message(frames...))
	wantError(t, peer.one(), helium.ErrOverloaded)
	for range 1024 {
		receive(t, "a call that runs", p.entered)
	}
	if s := srv.Stats(); s.Running != 1024 || s.Waiting != 1024 || s.Refused != 1 {
		t.Errorf("%d run, %d wait, %d refused; want 1024, 1024, 1", s.Running, s.Waiting, s.Refused)
	}
}

func TestWhatWaitsIsBoundedInBytesAsWell(t *testing.T) {
	const most = 64 << 10
	large := strings.Repeat("x", most*2/3)
	with := func(f wire.Frame, metadata map[string]string) wire.Frame {
		f.Metadata = msgpack.AppendStringMap(nil, metadata)
		return f
	}
	many := make(map[string]string)
	for i := range wire.MaxEntries {
		many[strconv.Itoa(i)] = strings.Repeat("x", most/500)
	}
	for name, data := range map[string]func(seq uint64) []byte{
		"arguments":                func(seq uint64) []byte { return message(callFrame(seq, large)) },
		"metadata":                 func(seq uint64) []byte { return message(with(callFrame(seq, "x"), map[string]string{"m": large})) },
		"many entries of metadata": func(seq uint64) []byte { return message(with(callFrame(seq, "x"), many)) },
		"plain requests":           func(uint64) []byte { return []byte(`["` + large + `"]`) },
	} {
		w, srv, p, _ := start(t, rpcserver.Config{MaxInFlight: 1, MaxQueue: 100, MaxQueueBytes: most})
		peer := w.peer()
		peer.send(block, "+1", message(callFrame(1)))
		receive(t, "the call that runs", p.entered)
		for i := range 3 {
			peer.send(echo, strconv.Itoa(i), data(uint64(i)+2))
		}
		eventually(t, name+": one call waits, and the others are refused", func() bool {
			s := srv.Stats()
			return s.Waiting == 1 && s.Refused == 2
		})
		p.releaseAll()
	}
}

func TestAnOverloadedPlainRequestIsRefusedInKind(t *testing.T) {
	w, _, p, _ := start(t, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1})
	w.peer().send(block, "1", message(callFrame(1)))
	receive(t, "the call that runs", p.entered)
	msg, err := w.conn().Request(echo, []byte(`["x"]`), patience)
	if err != nil {
		t.Fatal(err)
	}
	if got := msg.Header.Get("Nats-Service-Error-Code"); got != "429" {
		t.Errorf("code = %q, want 429; body %s", got, msg.Data)
	}
}

func TestADeadlineReachesTheHandler(t *testing.T) {
	w, _, p, _ := start(t, rpcserver.Config{})
	peer := w.peer()
	f := callFrame(1)
	var left time.Duration
	var sent time.Time
	var e *helium.Error
	// A machine that stands still may let so short a time pass before the handler's turn.
	for left = 50 * time.Millisecond; e == nil || errors.Is(e, helium.ErrExpired) && left < patience; left *= 2 {
		f.Time = uint64(left / time.Millisecond)
		sent = time.Now()
		peer.send("helium.call.probe.wait", "1", message(f))
		var err error
		if e, err = wire.ReadError(peer.one().Body); err != nil {
			t.Fatalf("the answer can't be read: %v", err)
		}
	}
	left /= 2 // it was doubled once more
	took := time.Since(sent)
	if e.Code != helium.CodeDeadlineExceeded || e.Outcome != helium.Executed {
		t.Errorf("got %v, %v; want deadline exceeded, executed: the handler returned its context's error", e, e.Outcome)
	}
	if took < left {
		t.Errorf("the context ended after %v, want %v or more", took, left)
	}
	ctx := receive(t, "the call", p.entered)
	deadline, ok := ctx.Deadline()
	if got := deadline.Sub(sent); !ok || got < left || got > left+took {
		t.Errorf("the handler's deadline is %v after the call was sent, want %v and the way", got, left)
	}
	if ctx.Err() != context.DeadlineExceeded {
		t.Errorf("Err = %v, want deadline exceeded", ctx.Err())
	}
}

func TestACallWithoutADeadlineGetsTheServersTimeout(t *testing.T) {
	var p *probe
	var msg *nats.Msg
	// A machine that stands still may let so short a time pass before the handler's turn.
	for timeout := 20 * time.Millisecond; msg == nil || bytes.Contains(msg.Data, []byte(helium.ErrExpired.Reason)) && timeout < patience; timeout *= 2 {
		var w *world
		w, _, p, _ = start(t, rpcserver.Config{Timeout: timeout})
		var err error
		if msg, err = w.conn().Request("helium.call.probe.wait", nil, patience); err != nil {
			t.Fatal(err)
		}
	}
	if ctx := receive(t, "the call", p.entered); ctx.Err() != context.DeadlineExceeded {
		t.Errorf("Err = %v, want deadline exceeded; the answer was %s", ctx.Err(), msg.Data)
	}
}

func TestACancelReachesTheHandler(t *testing.T) {
	_, _, p, c := start(t, rpcserver.Config{})
	ctx, cancel := context.WithCancel(testContext(t))
	done := make(chan error, 1)
	go func() { done <- c.Call(ctx, "probe.wait", nil) }()
	handler := receive(t, "the call", p.entered)
	child, stop := context.WithTimeout(handler, time.Hour)
	defer stop()
	after := make(chan struct{})
	context.AfterFunc(handler, func() { close(after) })
	cancel()
	receive(t, "the end of the handler's context", handler.Done())
	receive(t, "the end of its child", child.Done())
	receive(t, "its AfterFunc", after)
	if handler.Err() != context.Canceled {
		t.Errorf("Err = %v, want canceled", handler.Err())
	}
	if err := receive(t, "the caller", done); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v, want canceled", err)
	}
}

func TestAHandlersContextEndsWithTheCall(t *testing.T) {
	_, _, p, c := start(t, rpcserver.Config{})
	done := make(chan error, 1)
	go func() { done <- c.Call(testContext(t), "probe.block", nil) }()
	handler := receive(t, "the call", p.entered)
	if handler.Err() != nil {
		t.Errorf("Err while the handler runs = %v, want nil", handler.Err())
	}
	p.releaseAll()
	receive(t, "the end of the handler's context", handler.Done())
	if err := receive(t, "the caller", done); err != nil {
		t.Errorf("the caller got %v, want nil", err)
	}
}

func TestACallWhoseTimeRunsOutInTheQueueIsNotRun(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{MaxInFlight: 1})
	peer := w.peer()
	peer.send(block, "+1", message(callFrame(1)))
	receive(t, "the call that runs", p.entered)
	f := callFrame(2)
	f.Time = 1
	peer.send(count, "+1", message(f))
	eventually(t, "it waits", func() bool { return srv.Stats().Waiting == 1 })
	deadline := time.Now().Add(5 * time.Millisecond)
	eventually(t, "its time is over", func() bool { return time.Now().After(deadline) })
	p.releaseAll()
	answers := map[uint64]wire.Frame{}
	for len(answers) < 2 {
		_, frames := peer.next()
		for _, f := range frames {
			answers[f.Seq] = f
		}
	}
	wantResult(t, answers[1], 1, nil)
	wantError(t, answers[2], helium.ErrExpired)
	if got := p.calls.Load(); got != 1 {
		t.Errorf("%d calls ran, want the first only", got)
	}
}

func TestACallThatIsCanceledInTheQueueIsNotRun(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{MaxInFlight: 1})
	peer := w.peer()
	peer.send(block, "+1", message(callFrame(1)))
	receive(t, "the call that runs", p.entered)
	peer.send(count, "+2", message(callFrame(2)))
	eventually(t, "it waits", func() bool { return srv.Stats().Waiting == 1 })
	cancel := message(wire.Frame{Kind: wire.KindCancel, Seq: 2})
	peer.send("helium.ctl.probe."+srv.Instance(), "+3", cancel)
	// What comes on the control subject is handled in order: this one is counted.
	peer.send("helium.ctl.probe."+srv.Instance(), "", cancel)
	eventually(t, "the cancels came", func() bool { return srv.Stats().Malformed == 1 })
	p.releaseAll()
	answers := map[uint64]wire.Frame{}
	for len(answers) < 2 {
		_, frames := peer.next()
		for _, f := range frames {
			answers[f.Seq] = f
		}
	}
	wantError(t, answers[2], helium.ErrCanceledInQueue)
	if got := p.calls.Load(); got != 1 {
		t.Errorf("%d calls ran, want the first only", got)
	}
}

func TestNobodyCancelsAnothersCalls(t *testing.T) {
	w, srv, p, _ := start(t, rpcserver.Config{})
	plain := w.conn()
	answer := make(chan error, 1)
	go func() {
		_, err := plain.Request("helium.call.probe.wait", nil, patience)
		answer <- err
	}()
	handler := receive(t, "the plain request", p.entered)
	control := "helium.ctl.probe." + srv.Instance()
	var cancels []wire.Frame
	for seq := range uint64(10) {
		cancels = append(cancels, wire.Frame{Kind: wire.KindCancel, Seq: seq})
	}
	peer := w.peer()
	peer.send(control, "", message(cancels...))
	peer.send(control, "1", message(cancels...))
	peer.send(control, "", []byte("nonsense"))
	peer.send(control, "1", []byte("nonsense"))
	eventually(t, "the bad ones are counted", func() bool { return srv.Stats().Malformed == 3 })
	if handler.Err() != nil {
		t.Errorf("the plain request's context ended: %v", handler.Err())
	}
	plain.Close()
	<-answer
	if err := srv.Shutdown(ended(t)); err == nil {
		t.Error("Shutdown = nil, want an error: the call was cut")
	}
}

// ended returns a context that has ended.
func ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	return ctx
}
