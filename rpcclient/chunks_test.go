package rpcclient_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/chunks"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// overLinks runs a test whose server is called by the bus, and with one that is called by a direct link.
func overLinks(t *testing.T, test func(t *testing.T, listen string)) {
	for name, listen := range map[string]string{"by the bus": "", "by a direct link": "127.0.0.1:0"} {
		t.Run(name, func(t *testing.T) { test(t, listen) })
	}
}

// linkedTo waits for the direct links of a client to a service's instances, where they listen.
func linkedTo(t *testing.T, c *rpcclient.Client, service, listen string, servers int) {
	t.Helper()
	if listen == "" {
		return
	}
	eventually(t, func() error {
		_ = c.Call(t.Context(), service+".absent", nil) // which has the client look where the service is
		if got := c.Stats().DirectLinks; got != servers {
			return fmt.Errorf("%d direct links, want %d: %+v", got, servers, c.DirectLinks())
		}
		return nil
	})
}

// noRoomTaken waits until nothing of large values is kept.
func noRoomTaken(t testing.TB) {
	t.Helper()
	eventually(t, func() error {
		if got, leaving := chunks.Taken(), chunks.Leaving(); got != 0 || leaving != 0 {
			return fmt.Errorf("%d bytes of values are kept, and %d of arguments, want none", got, leaving)
		}
		return nil
	})
}

// randomBytes returns bytes that are like no others.
func randomBytes(size int) []byte {
	value := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{byte(size)}).Read(value)
	return value
}

func TestValuesLargerThanAMessageArriveWhole(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		srv := heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "echo", echo{})
		c := env.NewClient(long)
		linkedTo(t, c, "echo", listen, 1)
		for i, at := range []*rpcclient.Client{c, c.At(srv.Instance()), rpcclient.Keyed(c, "k")} {
			for _, size := range []int{1<<20 - 2000, 1<<20 - 64, 1 << 20, 1<<20 + 1, 3<<20 + 7, 32 << 20} {
				if i > 0 && size > 4<<20 {
					continue
				}
				value := randomBytes(size)
				got, err := rpcclient.Call[[]byte](helium.WithMetadata(t.Context(), helium.Metadata{"k": "v"}), at, "echo.echo", value)
				if err != nil || !bytes.Equal(got, value) {
					t.Errorf("%d bytes came back as %d, equal %v, %v", size, len(got), bytes.Equal(got, value), err)
				}
			}
		}
		noRoomTaken(t)
	})
}

func TestManyLargeValuesGoAtOnceBesideSmallCalls(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "echo", echo{})
		c := env.NewClient(long)
		linkedTo(t, c, "echo", listen, 1)
		var calls sync.WaitGroup
		for i := range 40 {
			calls.Go(func() {
				size := 5000 + i
				if i%2 == 0 {
					size = 1<<20 + i*100
				}
				value := randomBytes(size)
				got, err := rpcclient.Call[[]byte](context.Background(), c, "echo.echo", value)
				if err != nil || !bytes.Equal(got, value) {
					t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
				}
			})
		}
		calls.Wait()
		noRoomTaken(t)
	})
}

// chunkServer is a bare connection that stands for the one instance of "fake.do(data bytes) bytes", which
// takes arguments and gives its result in chunks as a test says.
type chunkServer struct {
	t       *testing.T
	nc      *nats.Conn
	calls   *nats.Subscription
	frames  chan wire.Frame // that came for it, but for those about the sender
	reply   atomic.Pointer[string]
	control *nats.Subscription
	most    atomic.Uint64 // credit that came
}

func newChunkServer(t *testing.T, env *heliumtest.Env, abilities wire.Abilities) *chunkServer {
	t.Helper()
	s := &chunkServer{t: t, nc: env.Conn("chunk-server"), frames: make(chan wire.Frame, 1000)}
	take := func(m *nats.Msg) {
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind != wire.KindSender && f.Kind != nothing {
				s.reply.Store(&m.Reply)
				s.frames <- f
			}
		}
	}
	for subject, sub := range map[string]**nats.Subscription{"helium.at.fake.i1.>": &s.calls, "helium.call.fake.>": new(*nats.Subscription), "helium.ctl.fake.i1": &s.control} {
		var err error
		if *sub, err = s.nc.Subscribe(subject, take); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.nc.Flush(); err != nil {
		t.Fatal(err)
	}
	register(t, env, binder.Record{Service: "fake", Instance: "i1", Abilities: uint64(abilities), Methods: []binder.Method{{Name: "do", Signature: "do(data bytes) bytes"}}})
	return s
}

// nothing is the kind of the frame by which a client asks whether NATS takes messages on a subject: it has
// no meaning, and comes in front of what comes on other subjects or behind it.
const nothing wire.Kind = 127

// next returns the next frame that came, which must be of a kind.
func (s *chunkServer) next(kind wire.Kind) wire.Frame {
	s.t.Helper()
	f := within(s.t, s.frames, fmt.Sprintf("frame of kind %d", kind))
	if f.Kind != kind {
		s.t.Fatalf("a frame of kind %d came, want one of kind %d", f.Kind, kind)
	}
	return f
}

// send answers the latest message, behind a frame about the instance.
func (s *chunkServer) send(f wire.Frame) {
	s.t.Helper()
	data := wire.AppendFrame(wire.AppendMessageHeader(nil), &wire.Frame{Kind: wire.KindInstance, Body: []byte("i1"), Abilities: wire.Chunks})
	if err := s.nc.Publish(*s.reply.Load(), wire.AppendFrame(data, &f)); err != nil {
		s.t.Fatal(err)
	}
}

// fakeResult is what a result of that many bytes is.
func fakeResult(size int) []byte { return msgpack.AppendBytes(nil, randomBytes(size)) }

func TestAResultThatDoesNotComeAsAnnouncedIsAnErrorAndKeepsNothing(t *testing.T) {
	result := fakeResult(2 << 20)
	extent := wire.ExtentOf(result)
	wrong := extent
	wrong.Checksum++
	part := func(seq uint64, from, to int) wire.Frame {
		return wire.Frame{Kind: wire.KindChunk, Seq: seq, Time: uint64(from), Body: result[from:to]}
	}
	const step = 100 << 10
	for name, test := range map[string]struct {
		extent wire.Extent
		send   func(s *chunkServer, seq uint64)
		want   *helium.Error
	}{
		"a gap": {extent, func(s *chunkServer, seq uint64) {
			s.send(part(seq, 0, step))
			s.send(part(seq, 2*step, 3*step))
		}, helium.ErrBadResult},
		"a part twice": {extent, func(s *chunkServer, seq uint64) {
			s.send(part(seq, 0, step))
			s.send(part(seq, 0, step))
		}, helium.ErrBadResult},
		"more than announced": {wire.Extent{Length: step + 10}, func(s *chunkServer, seq uint64) {
			s.send(part(seq, 0, step))
			s.send(part(seq, step, 2*step))
		}, helium.ErrBadResult},
		"another checksum": {wrong, func(s *chunkServer, seq uint64) {
			for at := 0; at < len(result); {
				to := min(at+step, len(result))
				if have := s.credits(seq); uint64(to) > have {
					to = int(have)
				}
				s.send(part(seq, at, to))
				at = to
			}
		}, helium.ErrBadResult},
		"an error after some": {extent, func(s *chunkServer, seq uint64) {
			s.send(part(seq, 0, step))
			s.send(wire.Frame{Kind: wire.KindError, Seq: seq, Body: wire.AppendError(nil, helium.ErrCut.WithOutcome(helium.Unknown))})
		}, helium.ErrCut},
		"the end of the instance after some": {extent, func(s *chunkServer, seq uint64) {
			s.send(part(seq, 0, step))
			_ = s.control.Unsubscribe() // so the next credit finds nobody
			for at := step; at+step <= chunks.Window; at += step {
				s.send(part(seq, at, at+step))
			}
		}, helium.ErrDisconnected},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, wire.Chunks)
			c := env.NewClient(long)
			done := make(chan error, 1)
			go func() { done <- c.Call(t.Context(), "fake.do", nil, []byte("x")) }()
			call := s.next(wire.KindCall)
			s.send(wire.Frame{Kind: wire.KindLargeReply, Seq: call.Seq, Body: wire.AppendExtent(nil, test.extent)})
			if f := s.next(wire.KindChunkCredit); f.Seq != call.Seq || f.Time != min(chunks.Window, test.extent.Length) {
				t.Fatalf("got %+v, want credit for a window", f)
			}
			test.send(s, call.Seq)
			wantError(t, within(t, done, "end of the call"), test.want, helium.Executed)
			noRoomTaken(t)
			if n := c.Stats().InFlight; n != 0 {
				t.Errorf("%d calls are in flight, want none", n)
			}
		})
	}
}

// credits returns what credit there is for a call, as far as it has come.
func (s *chunkServer) credits(seq uint64) uint64 {
	s.t.Helper()
	have := max(s.most.Load(), chunks.Window)
	for {
		select {
		case f := <-s.frames:
			if f.Kind == wire.KindChunkCredit && f.Seq == seq {
				have = max(have, f.Time)
				s.most.Store(have)
			}
		case <-time.After(20 * time.Millisecond):
			return have
		}
	}
}

func TestACallInChunksThatIsGivenUpIsToldToItsInstanceAndKeepsNothing(t *testing.T) {
	large := randomBytes(3 << 20)
	for name, test := range map[string]struct {
		announced bool // the result was, before
		end       func(cancel context.CancelFunc)
		timeout   time.Duration
		want      *helium.Error
		outcome   helium.Outcome
	}{
		"arguments, at a cancel":     {false, func(cancel context.CancelFunc) { cancel() }, time.Hour, helium.ErrCanceled, helium.NotExecuted},
		"arguments, at the deadline": {false, func(context.CancelFunc) {}, 3 * time.Second, helium.ErrDeadline, helium.NotExecuted},
		"a result, at a cancel":      {true, func(cancel context.CancelFunc) { cancel() }, time.Hour, helium.ErrCanceled, helium.Executed},
		"a result, at the deadline":  {true, func(context.CancelFunc) {}, 3 * time.Second, helium.ErrDeadline, helium.Executed},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, wire.Chunks)
			c := env.NewClient(long)
			ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
			defer cancel()
			done := make(chan error, 1)
			arg := large
			if test.announced {
				arg = []byte("x")
			}
			go func() { done <- c.Call(ctx, "fake.do", nil, arg) }()
			var seq uint64
			if test.announced {
				seq = s.next(wire.KindCall).Seq
				s.send(wire.Frame{Kind: wire.KindLargeReply, Seq: seq, Body: wire.AppendExtent(nil, wire.Extent{Length: 5 << 20})})
				s.next(wire.KindChunkCredit)
			} else {
				seq = s.next(wire.KindLargeCall).Seq
				s.send(wire.Frame{Kind: wire.KindChunkCredit, Seq: seq, Time: 1000})
				if f := s.next(wire.KindChunk); len(f.Body) != 1000 {
					t.Fatalf("with credit for 1000 bytes %d came", len(f.Body))
				}
			}
			test.end(cancel)
			wantError(t, within(t, done, "end of the call"), test.want, test.outcome)
			if f := s.next(wire.KindCancel); f.Seq != seq {
				t.Errorf("call %d was canceled, want %d", f.Seq, seq)
			}
			noRoomTaken(t)
		})
	}
}

func TestTheErrorOfALostConnectionSaysThatNobodyCanTellOnlyWhereNobodyCan(t *testing.T) {
	for name, test := range map[string]struct {
		size    int // of the argument
		begin   func(s *chunkServer)
		outcome helium.Outcome
	}{
		"a small call": {1, func(s *chunkServer) { s.next(wire.KindCall) }, helium.Unknown},
		"large arguments": {3 << 20, func(s *chunkServer) {
			s.send(wire.Frame{Kind: wire.KindChunkCredit, Seq: s.next(wire.KindLargeCall).Seq, Time: 1000})
			s.next(wire.KindChunk)
		}, helium.NotExecuted},
		"a large result": {1, func(s *chunkServer) {
			s.send(wire.Frame{Kind: wire.KindLargeReply, Seq: s.next(wire.KindCall).Seq, Body: wire.AppendExtent(nil, wire.Extent{Length: 5 << 20})})
			s.next(wire.KindChunkCredit)
		}, helium.Executed},
	} {
		t.Run(name, func(t *testing.T) {
			env := heliumtest.New(t)
			s := newChunkServer(t, env, wire.Chunks)
			nc := env.Conn("caller")
			c := env.NewClientOn(nc, long)
			done := make(chan error, 1)
			go func() { done <- c.Call(t.Context(), "fake.do", nil, randomBytes(test.size)) }()
			test.begin(s)
			nc.Close()
			err := within(t, done, "end of the call")
			if helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != test.outcome {
				t.Errorf("error = %v (%v, %v), want unavailable, %v", err, helium.CodeOf(err), helium.OutcomeOf(err), test.outcome)
			}
			if got, want := strings.Contains(err.Error(), "nobody can tell"), test.outcome == helium.Unknown; got != want {
				t.Errorf("its error is %q with the outcome %v; it says that nobody can tell: %t, want %t", err, test.outcome, got, want)
			}
		})
	}
}

func TestArgumentsInChunksForAnInstanceThatIsGoneAreKnownNotToHaveRun(t *testing.T) {
	env := heliumtest.New(t)
	s := newChunkServer(t, env, wire.Chunks)
	c := env.NewClient(rpcclient.Config{Timeout: long.Timeout, MaxAttempts: 1})
	done := make(chan error, 1)
	go func() { done <- c.Call(t.Context(), "fake.do", nil, randomBytes(3<<20)) }()
	call := s.next(wire.KindLargeCall)
	if err := errors.Join(s.calls.Unsubscribe(), s.nc.Flush()); err != nil {
		t.Fatal(err)
	}
	s.send(wire.Frame{Kind: wire.KindChunkCredit, Seq: call.Seq, Time: chunks.Window})
	if err := within(t, done, "end of the call"); helium.CodeOf(err) != helium.CodeUnavailable || helium.OutcomeOf(err) != helium.NotExecuted {
		t.Errorf("the call: %v (%v), want unavailable, not executed", err, helium.OutcomeOf(err))
	}
}

func TestWhereNoInstanceTakesChunksLargeArgumentsAreNotSent(t *testing.T) {
	for name, abilities := range map[string]wire.Abilities{
		"of an older version": wire.Heartbeats, "that answers once": wire.Chunks | wire.AnswersOnce,
	} {
		env := heliumtest.New(t)
		s := newChunkServer(t, env, abilities)
		for _, c := range []*rpcclient.Client{env.Client, env.Client.At("i1"), rpcclient.Keyed(env.Client, "k")} {
			err := c.Call(t.Context(), "fake.do", nil, randomBytes(2<<20))
			checkFailure(t, "an instance "+name, err, failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"at most 1048576", "chunks"}})
		}
		err := env.Client.Notify(t.Context(), "fake.do", randomBytes(2<<20))
		checkFailure(t, "a one-way call of an instance "+name, err, failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"at most 1048576", "a one-way call doesn't travel in chunks"}})
		if len(s.frames) > 0 {
			t.Errorf("an instance %s got %+v, want nothing", name, <-s.frames)
		}
	}
}

func TestLargeArgumentsGoToTheInstanceThatTakesThemBesideOneThatDoesNot(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "echo", echo{})
	var came atomic.Int64 // to one of an older version
	subscribe(t, env.Conn("older"), "helium.at.echo.older.>", func(*nats.Msg) { came.Add(1) })
	register(t, env, binder.Record{Service: "echo", Instance: "older", Abilities: uint64(wire.Heartbeats), Methods: []binder.Method{
		{Name: "echo", Signature: "echo(bytes) bytes"}, {Name: "length", Signature: "length(bytes) int64"},
	}})
	c := env.NewClient(long)
	if err := c.Call(t.Context(), "echo.length", nil, []byte("x")); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, c, "echo", 2)
	for range 20 {
		if got, err := rpcclient.Call[int](t.Context(), c, "echo.length", randomBytes(2<<20)); got != 2<<20 || err != nil {
			t.Fatalf("%d bytes arrived, %v; want %d", got, err, 2<<20)
		}
	}
	if n := came.Load(); n != 0 {
		t.Errorf("%d messages came to the instance that takes no chunks, want none", n)
	}
}

func TestMetadataThatDoNotFitAMessageAreRefusedAsTheyDoNotTravelInChunks(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "echo", echo{})
	ctx := helium.WithMetadata(t.Context(), helium.Metadata{"large": string(make([]byte, 2<<20))})
	for _, size := range []int{1, 2 << 20} {
		err := env.Client.Call(ctx, "echo.echo", nil, randomBytes(size))
		checkFailure(t, fmt.Sprintf("a call of %d bytes", size), err, failure{is: helium.ErrTooLarge, code: helium.CodeResourceExhausted, outcome: helium.NotExecuted, says: []string{"the call's metadata", "1048576", "don't travel in chunks"}})
	}
	if n := srv.Stats().Calls; n != 0 {
		t.Errorf("%d calls came, want none", n)
	}
}

func TestLargeCallsAreMadeAgainAndKeptLikeOthers(t *testing.T) {
	env := heliumtest.New(t)
	var mu sync.Mutex
	refused := make(map[string]bool)
	refuse := func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			key := helium.MetadataFrom(ctx)["once"]
			mu.Lock()
			first := key != "" && !refused[key]
			refused[key] = true
			mu.Unlock()
			if first {
				return helium.Errorf(helium.CodeUnavailable, "not yet")
			}
			return next(ctx, call)
		}
	}
	for range 2 {
		heliumtest.ServeWith(env, rpcserver.Config{Interceptors: []rpcserver.Interceptor{refuse}, IdempotencyMemory: 32 << 20}, "echo", echo{}, rpcserver.Idempotent("echo"))
	}
	value := randomBytes(2 << 20)
	for name, ctx := range map[string]context.Context{
		"made again":              helium.WithMetadata(t.Context(), helium.Metadata{"once": "a"}),
		"with an idempotency key": rpcclient.WithIdempotencyKey(t.Context(), "key"),
	} {
		for range 3 {
			got, err := rpcclient.Call[[]byte](ctx, env.Client, "echo.echo", value)
			if err != nil || !bytes.Equal(got, value) {
				t.Fatalf("%s: %d bytes came back as %d, %v", name, len(value), len(got), err)
			}
		}
	}
	for answer := range rpcclient.All[[]byte](t.Context(), env.Client, "echo.echo", value) {
		if answer.Err != nil || !bytes.Equal(answer.Value, value) {
			t.Errorf("at all instances: %s answered %d bytes, %v", answer.Instance, len(answer.Value), answer.Err)
		}
	}
	noRoomTaken(t)
}

// maker makes large results, unless it is stuck.
type maker struct{ stuck *atomic.Bool }

func (m maker) Make(ctx context.Context, size int) ([]byte, error) {
	if m.stuck.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return randomBytes(size), nil
}

func TestTheLargeResultOfAHedgeArrives(t *testing.T) {
	overLinks(t, func(t *testing.T, listen string) {
		env := heliumtest.New(t)
		stuck := new(atomic.Bool)
		for _, m := range []maker{{stuck}, {new(atomic.Bool)}} {
			heliumtest.ServeWith(env, rpcserver.Config{Listen: listen}, "maker", m, rpcserver.Idempotent("make"))
		}
		c := env.NewClient(rpcclient.Config{Timeout: long.Timeout, Hedge: true})
		for range 100 {
			if err := c.Call(t.Context(), "maker.make", nil, 1); err != nil {
				t.Fatal(err)
			}
		}
		linkedTo(t, c, "maker", listen, 2)
		stuck.Store(true)
		const size = 2<<20 + 5
		for range 50 {
			got, err := rpcclient.Call[[]byte](t.Context(), c, "maker.make", size)
			if err != nil || !bytes.Equal(got, randomBytes(size)) {
				t.Fatalf("got %d bytes, %v; want %d", len(got), err, size)
			}
			if c.Stats().HedgesWon > 1 {
				break
			}
		}
		if won := c.Stats().HedgesWon; won < 2 {
			t.Errorf("%d calls were answered by a hedge, want some", won)
		}
		noRoomTaken(t)
	})
}
