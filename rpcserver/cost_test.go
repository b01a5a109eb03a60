package rpcserver

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"
	"unsafe"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
)

// oneMethod is a server of the service "math" in which nothing runs and that has no
// connection, ready for what the receiver does with a message.
func oneMethod(t *testing.T, m Method) (*Server, target) {
	t.Helper()
	s := New(nil, Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.Handle(Service{Name: "math", Methods: []Method{m}}); err != nil {
		t.Fatal(err)
	}
	s.payload.bytes.Store(1 << 20)
	t.Cleanup(s.deadlines.Stop)
	return s, target{service: s.services[0], method: s.services[0].methods[m.Name]}
}

// add is a method in the shape that a generator writes.
func add(inspect func(ctx context.Context)) Method {
	return Method{
		Name: "add", Signature: "add(a float64, b float64) float64",
		Handler: func(ctx context.Context, call *Call) error {
			a, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(0, err)
			}
			b, err := call.Args.Float64()
			if err != nil {
				return call.BadArgument(1, err)
			}
			if inspect != nil {
				inspect(ctx)
			}
			call.Result.Float64(a + b)
			return nil
		},
	}
}

func addMessage(calls int) []byte {
	data := wire.AppendMessageHeader(nil)
	for seq := range calls {
		f := callOf(uint64(seq) + 1)
		data = wire.AppendFrame(data, &f)
	}
	return data
}

// callOf is the call add(2, 3).
func callOf(seq uint64) wire.Frame {
	body := msgpack.AppendArrayHeader(nil, 2)
	body = msgpack.AppendFloat64(msgpack.AppendFloat64(body, 2), 3)
	return wire.Frame{Kind: wire.KindCall, Seq: seq, Time: 10_000, Body: body}
}

// inAnHour is when calls come of which none may expire, and whose caller may not be
// forgotten, though the machine stand still.
func inAnHour() time.Time { return time.Now().Add(time.Hour) }

func TestACallCostsOneAllocationFromMessageToAnswer(t *testing.T) {
	const calls, reply = 50, "_INBOX.c.+1"
	s, to := oneMethod(t, add(nil))
	answered := 0
	caller := &caller{server: s, key: "_INBOX.c.+", calls: make(map[uint64]*Call)}
	caller.outbox = batch.New(0, func(m *batch.Message) { answered += m.Frames })
	s.callers.byKey[caller.key] = caller
	data := addMessage(calls)

	runs := 0
	now := inAnHour()
	allocs := testing.AllocsPerRun(200, func() {
		runs++
		read, _, err := s.readCalls(data, to, now)
		if err != nil {
			t.Fatal(err)
		}
		s.calls = read
		taken := s.callers.admit(reply, read, now)
		s.active.Add(int64(len(taken)))
		s.deadlines.Watch(earliestDeadline(taken, now.Add(idleCaller)))
		for _, call := range taken {
			s.run(call)
		}
	})
	if answered != runs*calls {
		t.Fatalf("%d calls were answered of %d", answered, runs*calls)
	}
	if perCall := allocs / calls; perCall > 1.2+raceAllocs {
		t.Errorf("%.2f allocations a call, want 1: its context", perCall)
	}
	if size := unsafe.Sizeof(callContext{}); size > 64 {
		t.Errorf("the context takes %d bytes, want 64 at most: what few calls need goes into its extras", size)
	}
}

func TestAHandlerThatDoesNotWaitCostsNoChannelAndNoTimer(t *testing.T) {
	var seen *callContext
	s, to := oneMethod(t, add(func(ctx context.Context) {
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			t.Error("the context has no deadline or has ended")
		}
		seen = ctx.(*callContext)
	}))
	now := inAnHour()
	read, _, err := s.readCalls(addMessage(1), to, now)
	if err != nil {
		t.Fatal(err)
	}
	s.active.Add(1)
	s.run(s.callers.admit(nobody, read, now)[0])
	if seen == nil || seen.extra != nil {
		t.Errorf("the call's context has a channel or functions nobody asked for: %+v", seen)
	}
	if seen.Err() != context.Canceled {
		t.Errorf("Err after the call = %v, want canceled", seen.Err())
	}
}

func TestRepliesThatOutgrowASmallerServerGoSingly(t *testing.T) {
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
	s := New(nc, Config{})
	s.payload.bytes.Store(1 << 20) // what the server before had
	c := &caller{server: s, reply: "_INBOX.c.+1"}
	m := &batch.Message{Data: wire.AppendMessageHeader(nil)}
	for seq, size := range []int{3000, 5000, 3000} {
		m.Data = wire.AppendFrame(m.Data, &wire.Frame{Kind: wire.KindReply, Seq: uint64(seq) + 1, Body: make([]byte, size)})
		m.Frames++
	}
	c.publish(m)
	for seq, want := range []wire.Kind{wire.KindReply, wire.KindError, wire.KindReply} {
		f := onlyFrame(t, sub)
		if f.Seq != uint64(seq)+1 || f.Kind != want {
			t.Errorf("got number %d, kind %d; want %d, %d", f.Seq, f.Kind, seq+1, want)
		}
	}
	if got := s.maxPayload(); got != 4<<10 {
		t.Errorf("maxPayload = %d, want what the server says, 4096", got)
	}
	if lost := s.counters.lostReplies.Load(); lost != 0 {
		t.Errorf("LostReplies = %d, want 0", lost)
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
