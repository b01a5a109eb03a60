package rpcserver

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcserver/internal/clocks"
	"github.com/helium-rpc/helium/rpcserver/internal/inline"
	"github.com/helium-rpc/helium/rpcserver/internal/pool"
)

// oneMethod is a server of the service "math" in which nothing runs and that has no
// connection, ready for what a receiver does with a message.
func oneMethod(t *testing.T, m Method) (*Server, *method) {
	t.Helper()
	s := New(nil, Config{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err := s.Handle(Service{Name: "math", Methods: []Method{m}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.deadlines.Stop)
	t.Cleanup(s.beats.Stop)
	t.Cleanup(s.pool.Close)
	return s, s.services[0].methods[m.Name]
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

func TestACallCostsOneAllocationFromMessageToAnswer(t *testing.T) {
	// A goroutine that receives has some of its own.
	if perCall := allocationsOf(t, add(nil)); perCall > 1.3+raceAllocs {
		t.Errorf("%.2f allocations a call, want 1: its context", perCall)
	}
	if size := unsafe.Sizeof(callContext[Call]{}); size > 64 {
		t.Errorf("the context takes %d bytes, want 64 at most: what few calls need goes into its extras", size)
	}
}

// adder is a service as people write it.
type adder struct{}

func (adder) Add(_ context.Context, a, b float64) (float64, error) { return a + b, nil }

func TestACallOfAGoMethodOfTheUsualTypesCostsNoAllocationMore(t *testing.T) {
	m := add(nil)
	m.Handler = handlerOf(reflect.ValueOf(adder{}), "Add")
	if perCall := allocationsOf(t, m); perCall > 1.3+raceAllocs {
		t.Errorf("%.2f allocations a call, want 1: its context", perCall)
	}
}

// allocationsOf returns how much a call of a method like add allocates.
func allocationsOf(t *testing.T, of Method) float64 {
	t.Helper()
	const calls = 50
	l := &countingLink{data: addMessage(calls)}
	s, m := oneMethod(t, of)
	r := s.newReceiver(l, clocks.New(s.pulse, nil))
	runs := 0
	allocs := testing.AllocsPerRun(200, func() {
		runs++
		l.left = 1
		r.done = make(chan struct{})
		// The calls run where they are received, however slow the machine was until now.
		m.stats.slow.Store(1)
		r.budget = inline.Budget{}
		r.receive()
		<-r.done
		r.runner.wait(context.Background())
	})
	if got := l.answered.Load(); got != int64(runs*calls) {
		t.Fatalf("%d calls were answered of %d", got, runs*calls)
	}
	return allocs / calls
}

// fullServer is a server with room for one call, which it has until leave is called. It returns what receives a
// message of so many calls, all of which are refused but the one whose number is in use.
func fullServer(t testing.TB, calls int) (s *Server, receive func(), leave func()) {
	s = New(nil, Config{Logger: slog.New(slog.DiscardHandler), MaxInFlight: 1, MaxQueue: -1})
	t.Cleanup(s.deadlines.Stop)
	t.Cleanup(s.beats.Stop)
	entered, left := make(chan struct{}), make(chan struct{})
	if err := s.Handle(Service{Name: "math", Methods: []Method{add(func(context.Context) { entered <- struct{}{}; <-left })}}); err != nil {
		t.Fatal(err)
	}
	by := func(l *countingLink) {
		l.left = 1
		s.newReceiver(l, clocks.New(s.pulse, nil)).receive()
	}
	by(&countingLink{data: addMessage(1)})
	<-entered
	l := &countingLink{data: addMessage(calls)}
	return s, func() { by(l) }, func() {
		close(left)
		s.runner.wait(context.Background())
		s.pool.Close()
	}
}

func TestACallThatIsRefusedForLoadCostsNoMoreAllocationsThanOneThatRuns(t *testing.T) {
	const calls = 200 // a receiver has some allocations of its own
	s, receive, leave := fullServer(t, calls)
	runs := 0
	allocs := testing.AllocsPerRun(100, func() { runs++; receive() })
	if got, want := s.counters.refused[pool.Crowded].Load(), uint64(runs*(calls-1)); got != want {
		t.Errorf("%d calls were refused, want %d: all but one of each message, as that one's number is in use", got, want)
	}
	// Its context, and what says why it is refused to the receiver: some for all of a message.
	if perCall := allocs / calls; perCall > 1.6+raceAllocs {
		t.Errorf("%.2f allocations a call, want 1 and a half at most", perCall)
	}
	leave()
}

// BenchmarkRefused refuses calls for load, 200 in a message.
func BenchmarkRefused(b *testing.B) {
	const calls = 200
	_, receive, leave := fullServer(b, calls)
	b.ReportAllocs()
	for n := 0; n < b.N; n += calls {
		receive()
	}
	b.StopTimer()
	leave()
}

// countingLink hands in the same message so many times, and counts the answers.
type countingLink struct {
	data     []byte
	left     int
	answered atomic.Int64
}

func (l *countingLink) Receive() (link.Incoming, bool) {
	l.left--
	return link.Incoming{Data: l.data, From: link.Caller{Key: "c"}, Service: "math", Method: "add"}, l.left >= 0
}

func (l *countingLink) Waiting() bool                         { return l.left > 0 }
func (l *countingLink) MaxMessage() int                       { return 1 << 20 }
func (l *countingLink) Close()                                {}
func (l *countingLink) Beat(link.Caller, uint64, []byte) bool { return true }
func (l *countingLink) Answer(out *link.Outgoing)             { l.answered.Add(int64(out.Message.Frames)) }

func TestAHandlerThatDoesNotWaitCostsNoChannelAndNoTimer(t *testing.T) {
	var seen *callContext[Call]
	s, _ := oneMethod(t, add(func(ctx context.Context) {
		if _, ok := ctx.Deadline(); !ok || ctx.Err() != nil {
			t.Error("the context has no deadline or has ended")
		}
		seen = ctx.(*callContext[Call])
	}))
	l := newMemoryLink(t)
	r := s.newReceiver(l, clocks.New(s.pulse, nil))
	l.call(1)
	l.Close()
	r.receive()
	s.runner.wait(t.Context())
	if seen == nil || seen.extra != nil {
		t.Errorf("the call's context has a channel or functions nobody asked for: %+v", seen)
	}
	if seen.Err() != context.Canceled {
		t.Errorf("Err after the call = %v, want canceled", seen.Err())
	}
}
