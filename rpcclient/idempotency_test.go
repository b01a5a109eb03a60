package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// errNoMoney is what the till says of an amount that it doesn't have.
var errNoMoney = helium.NewError(helium.CodeFailedPrecondition, "till.empty", "the till is empty")

// till is a service whose calls had better not run twice.
type till struct {
	runs    atomic.Int64 // of all methods
	entered chan struct{}
	leave   chan struct{} // closed, or fed once for each call of slow that may return
}

func newTill() *till { return &till{entered: make(chan struct{}, 100), leave: make(chan struct{})} }

// Pay returns the number of the receipt.
func (t *till) Pay(int) int64            { return t.runs.Add(1) }
func (t *till) Refund(int) int64         { return t.runs.Add(1) }
func (t *till) Small(int8) int64         { return t.runs.Add(1) }
func (t *till) Note(map[string]int) int  { return int(t.runs.Add(1)) }
func (t *till) Text(n int) string        { t.runs.Add(1); return strings.Repeat("x", n) }
func (t *till) Break()                   { t.runs.Add(1); panic("broken") }
func (t *till) Empty(int) (int64, error) { t.runs.Add(1); return 0, errNoMoney.WithDetail("left", "0") }

func (t *till) Slow(ctx context.Context, n int) (int64, error) {
	run := t.runs.Add(1)
	t.entered <- struct{}{}
	select {
	case <-t.leave:
		return run, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Seen returns the names of what came beside the call.
func (t *till) Seen(ctx context.Context) (names []string) {
	for name := range helium.MetadataFrom(ctx) {
		names = append(names, name)
	}
	return names
}

func withKey(t *testing.T, key string) context.Context {
	return rpcclient.WithIdempotencyKey(t.Context(), key)
}

func wantRuns(t *testing.T, impl *till, want int64) {
	t.Helper()
	if got := impl.runs.Load(); got != want {
		t.Errorf("the handlers ran %d times, want %d", got, want)
	}
}

func TestCallsOfAnIdempotencyKeyRunOnceByWhicheverWayAndClientTheyCome(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		var servers []*rpcserver.Server
		for range 3 {
			servers = append(servers, over.serve(env, rpcserver.Config{}, "till", impl))
		}
		for i, c := range []*rpcclient.Client{env.Client, env.NewClient(rpcclient.Config{})} {
			over.links(t, c, "till", 3)
			over.checkAll(t, c)
			for _, key := range someKeys(5) {
				ctx := withKey(t, key)
				var receipt int64
				for j, way := range everyWay[int64, func(context.Context, int) (int64, error)](ctx, c, "till.pay",
					func(f func(context.Context, int) (int64, error)) (int64, error) { return f(ctx, 7) }, 7) {
					got, err := way.call()
					if err != nil {
						t.Fatalf("client %d by %s: %v", i, way.name, err)
					}
					if j == 0 {
						receipt = got
					}
					if got != receipt {
						t.Errorf("client %d by %s: receipt %d, want that of the first call, %d", i, way.name, got, receipt)
					}
				}
				if err := c.Notify(ctx, "till.pay", 7); err != nil {
					t.Fatal(err)
				}
			}
		}
		var replays, keys uint64
		eventually(t, func() error {
			replays, keys = 0, 0
			for _, srv := range servers {
				s := srv.Stats()
				replays, keys = replays+s.Replays, keys+uint64(s.IdempotencyKeys)
			}
			if want := uint64(2*5*6 - 5); replays != want || keys != 5 {
				return fmt.Errorf("%d replays of %d keys, want %d of 5", replays, keys, want)
			}
			return nil
		})
		wantRuns(t, impl, 5)
	})
}

func TestAKeyIsForOneMethodAndOneSetOfArguments(t *testing.T) {
	env := heliumtest.New(t)
	impl, other := newTill(), newTill()
	heliumtest.Serve(env, "till", impl)
	heliumtest.Serve(env, "other", other)
	ctx := withKey(t, "order-1")
	for _, method := range []string{"till.pay", "till.refund", "other.pay"} {
		for range 2 {
			if err := env.Client.Call(ctx, method, nil, 7); err != nil {
				t.Fatal(err)
			}
		}
	}
	wantRuns(t, impl, 2)
	wantRuns(t, other, 1)
	err := env.Client.Call(ctx, "till.pay", nil, 8)
	checkFailure(t, "other arguments", err, failure{
		is: helium.ErrIdempotencyKeyReused, code: helium.CodeInvalidArgument, outcome: helium.NotExecuted, says: []string{"order-1", "till.pay"},
	})
	// A map's order isn't an argument's, nor is the width of a number.
	for range 20 {
		note := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}
		if n, err := rpcclient.Call[int](ctx, env.Client, "till.note", note); n != 3 || err != nil {
			t.Fatalf("note = %d, %v; want 3, the first one's", n, err)
		}
	}
	if err := env.Client.Call(ctx, "till.pay", nil, 7.0); err != nil {
		t.Errorf("pay(7.0) after pay(7): %v", err)
	}
	wantRuns(t, impl, 3)
}

func TestACallOfAKeyThatRunsIsWaitedForAsLongAsEachHasTime(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		serveOver(t, over, env, env.Client, rpcserver.Config{}, "till", impl)
		answers := make(chan string, 5)
		for range 5 {
			go func() {
				n, err := rpcclient.Call[int64](withKey(t, "order-1"), env.Client, "till.slow", 7)
				answers <- fmt.Sprint(n, " ", err)
			}()
		}
		within(t, impl.entered, "first call")
		short, cancel := context.WithTimeout(withKey(t, "order-1"), 50*time.Millisecond)
		defer cancel()
		wantTimeUp(t, env.Client.Call(short, "till.slow", nil, 7))
		close(impl.leave)
		for range 5 {
			if got := within(t, answers, "answer"); got != "1 <nil>" {
				t.Errorf("slow = %s, want the first one's", got)
			}
		}
		wantRuns(t, impl, 1)
	})
}

func TestAHandlersErrorIsKeptAsItsResultIs(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		srv := serveOver(t, over, env, env.Client, rpcserver.Config{Logger: quiet}, "till", impl)
		for range 3 {
			err := env.Client.Call(withKey(t, "order-1"), "till.empty", nil, 7)
			wantError(t, err, errNoMoney, helium.Executed)
			if e := helium.AsError(err); e.Details["left"] != "0" || e.Instance != srv.Instance() || e.Method != "empty" {
				t.Errorf("the error is %+v, want the handler's with its details", e)
			}
			wantError(t, env.Client.Call(withKey(t, "order-1"), "till.break", nil), helium.ErrPanic, helium.Executed)
		}
		wantRuns(t, impl, 2)
		if s := srv.Stats(); s.Panics != 1 {
			t.Errorf("%d panics, want 1", s.Panics)
		}
	})
}

func TestWhatDidNotRunIsNotKept(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		var refuse atomic.Bool
		guard := func(next rpcserver.Handler) rpcserver.Handler {
			return func(ctx context.Context, call *rpcserver.Call) error {
				if refuse.Load() {
					return helium.Errorf(helium.CodePermissionDenied, "not you")
				}
				return next(ctx, call)
			}
		}
		serveOver(t, over, env, env.Client, rpcserver.Config{Interceptors: []rpcserver.Interceptor{guard}}, "till", impl)
		pay := func() error { return env.Client.Call(withKey(t, "order-1"), "till.pay", nil, 7) }

		refuse.Store(true)
		if err := pay(); helium.CodeOf(err) != helium.CodePermissionDenied || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("the refusal of an interceptor = %v, want permission_denied, not executed", err)
		}
		refuse.Store(false)
		if err := pay(); err != nil {
			t.Errorf("the next call of the key: %v", err)
		}
		// What an interceptor refuses gets no results of others either.
		refuse.Store(true)
		if err := pay(); helium.CodeOf(err) != helium.CodePermissionDenied {
			t.Errorf("a replay that an interceptor refuses = %v, want permission_denied", err)
		}
		refuse.Store(false)

		small := func(n int) error { return env.Client.Call(withKey(t, "order-1"), "till.small", nil, n) }
		wantError(t, small(300), helium.ErrBadArgument, helium.NotExecuted)
		if err := small(7); err != nil {
			t.Errorf("the key of a call whose arguments were refused: %v", err)
		}
		wantRuns(t, impl, 2)
	})
}

func TestWhatComesBesideAResultIsKeptToo(t *testing.T) {
	var got []string
	see := func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			err := next(ctx, call)
			got = append(got, call.ReplyMetadata["run"])
			return err
		}
	}
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{see}}})
	runs := 0
	srv := rpcserver.New(env.Conn("written-out"), rpcserver.Config{Logger: quiet})
	err := srv.Handle(rpcserver.Service{Name: "beside", Methods: []rpcserver.Method{{
		Name: "go", Signature: "go()",
		Handler: func(_ context.Context, call *rpcserver.Call) error {
			runs++
			call.ReplyMetadata = helium.Metadata{"run": fmt.Sprint(runs)}
			return nil
		},
	}}})
	if err == nil {
		err = srv.Start(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown(context.Background())
	for range 3 {
		if err := env.Client.Call(withKey(t, "k"), "beside.go", nil); err != nil {
			t.Fatal(err)
		}
	}
	if fmt.Sprint(got) != "[1 1 1]" {
		t.Errorf("the metadata beside the results say the runs %v, want that of the first, three times", got)
	}
}

func TestHandlersDoNotSeeTheKeyAmongTheMetadata(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "till", newTill())
	ctx := withKey(t, "order-1")
	if got, err := rpcclient.Call[[]string](ctx, env.Client, "till.seen"); len(got) != 0 || err != nil {
		t.Errorf("the handler sees %v, %v; want nothing", got, err)
	}
	ctx = helium.WithMetadata(ctx, helium.Metadata{"tenant": "acme"})
	got, err := rpcclient.Call[[]string](rpcclient.WithIdempotencyKey(ctx, "order-2"), env.Client, "till.seen")
	if fmt.Sprint(got) != "[tenant]" || err != nil {
		t.Errorf("the handler sees %v, %v; want the tenant alone", got, err)
	}
}

func TestAnIdempotencyKeyIsTextOfUpTo256Bytes(t *testing.T) {
	env := heliumtest.New(t)
	impl := newTill()
	heliumtest.Serve(env, "till", impl)
	for _, key := range []string{"", strings.Repeat("x", 257)} {
		wantError(t, env.Client.Call(withKey(t, key), "till.pay", nil, 7), helium.ErrBadArgument, helium.NotExecuted)
	}
	if s := env.Client.Stats(); s.FramesSent != 0 {
		t.Errorf("%d calls were sent, want none", s.FramesSent)
	}
	for range 2 {
		if err := env.Client.Call(withKey(t, strings.Repeat("x", 256)), "till.pay", nil, 7); err != nil {
			t.Fatal(err)
		}
	}
	wantRuns(t, impl, 1)
}

func TestWhereNoMemoryIsLeftCallsWithNewKeysAreRefusedAndNoneIsForgotten(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	impl := newTill()
	srv := heliumtest.ServeWith(env, rpcserver.Config{IdempotencyMemory: 3000}, "till", impl)
	call := func(key string, n int) error {
		return env.Client.Call(withKey(t, key), "till.text", nil, n)
	}
	if err := errors.Join(call("a", 1000), call("b", 100)); err != nil {
		t.Fatal(err)
	}
	// Its result has no room. It gets it, and others of its key learn that it ran.
	if err := call("c", 2000); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		wantError(t, call("c", 2000), helium.ErrResultTooLarge, helium.Executed)
	}
	refused := 0
	for i := range 10 {
		if err := call(fmt.Sprint("more-", i), 1); err != nil {
			wantError(t, err, helium.ErrOverloaded, helium.NotExecuted)
			if !strings.Contains(err.Error(), "IdempotencyMemory") {
				t.Errorf("the refusal says %q, want what to raise", err)
			}
			refused++
		}
	}
	if refused < 3 {
		t.Errorf("%d of ten more keys were refused, want those for which 3,000 bytes have no room", refused)
	}
	before := impl.runs.Load()
	if err := errors.Join(call("a", 1000), call("b", 100)); err != nil {
		t.Errorf("what was kept before: %v", err)
	}
	wantRuns(t, impl, before)
	if s := srv.Stats(); s.IdempotencyBytes > 3000 || s.IdempotencyBytes < 2000 {
		t.Errorf("%d bytes are taken, want close to the limit", s.IdempotencyBytes)
	}
	if err := env.Client.Call(t.Context(), "till.text", nil, 1); err != nil {
		t.Errorf("a call without a key: %v", err)
	}
}

func TestServersThatTakeNoKeysGetNoCallsWithKeys(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: long})
	impl := newTill()
	old := heliumtest.ServeWith(env, rpcserver.Config{IdempotencyMemory: -1}, "till", impl)
	began := time.Now()
	for _, c := range []*rpcclient.Client{env.Client, env.Client.At(old.Instance()), rpcclient.Keyed(env.Client, "k")} {
		if err := c.Call(t.Context(), "till.seen", nil); err != nil {
			t.Fatal(err)
		}
		wantError(t, c.Call(withKey(t, "k"), "till.pay", nil, 7), helium.ErrIdempotencyKeysUnsupported, helium.NotExecuted)
		wantError(t, c.Notify(withKey(t, "k"), "till.pay", 7), helium.ErrIdempotencyKeysUnsupported, helium.NotExecuted)
	}
	inTime(t, began, "refusing")
	wantRuns(t, impl, 0)
	// Of a newer one they all go there.
	fresh := newTill()
	srv := heliumtest.Serve(env, "till", fresh)
	knowsInstances(t, env.Client, "till", 2)
	for i, key := range someKeys(20) {
		for range 2 {
			if n, err := rpcclient.Call[int](withKey(t, key), env.Client, "till.pay", 7); n != i+1 || err != nil {
				t.Fatalf("pay = %d, %v; want %d", n, err, i+1)
			}
		}
	}
	wantRuns(t, impl, 0)
	wantError(t, env.Client.At(old.Instance()).Call(withKey(t, "k"), "till.pay", nil, 7), helium.ErrIdempotencyKeysUnsupported, helium.NotExecuted)
	if err := env.Client.At(srv.Instance()).Call(withKey(t, "k"), "till.pay", nil, 7); err != nil {
		t.Errorf("at the newer one: %v", err)
	}
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	knowsInstances(t, env.Client, "till", 1)
	wantError(t, env.Client.Call(withKey(t, "k"), "till.pay", nil, 7), helium.ErrIdempotencyKeysUnsupported, helium.NotExecuted)
}

func TestAViewPicksTheInstanceAndTheKeyCountsThere(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		all := serveTellersOver(t, over, env, 4)
		all.known(env.Client)
		over.checkAll(t, env.Client)
		for _, key := range someKeys(10) {
			ctx := withKey(t, "order "+key)
			for what, v := range map[string]struct {
				c    *rpcclient.Client
				want string
			}{
				"the key alone": {env.Client, all.order("order " + key)[0]},
				"by Keyed":      {rpcclient.Keyed(env.Client, key), all.order(key)[0]},
				"by At":         {env.Client.At(all.order("any")[2]), all.order("any")[2]},
			} {
				for range 2 {
					if got, err := rpcclient.Call[string](ctx, v.c, "teller.who"); got != v.want || err != nil {
						t.Errorf("%s: who() = %q, %v; want %q", what, got, err, v.want)
					}
				}
			}
		}
	})
}

func TestACallWithAKeyIsNotHedged(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		s := serveStallers(t, over, rpcserver.Config{}, idempotentGet)
		s.warm(t)
		s.first.stalls.Store(true)
		before := s.client.Stats()
		ctx, cancel := context.WithTimeout(withKey(t, "k"), 100*time.Millisecond)
		defer cancel()
		wantTimeUp(t, s.client.Call(ctx, "staller.get", nil, 7))
		if hedges, _ := s.since(before); hedges != 0 {
			t.Errorf("%d hedges, want none", hedges)
		}
	})
}

// fakeKeeper is an instance of "fake" on a bare connection that takes idempotency keys.
type fakeKeeper struct {
	nc    *nats.Conn
	name  string
	calls chan *nats.Msg
	sub   *nats.Subscription
}

func newFakeKeeper(t *testing.T, env *heliumtest.Env, name, signature string) *fakeKeeper {
	t.Helper()
	k := &fakeKeeper{nc: env.Conn(name), name: name, calls: make(chan *nats.Msg, 100)}
	k.listen(t)
	registry, err := binder.NewClient(k.nc, "")
	if err == nil {
		_, err = registry.Register(t.Context(), binder.Record{
			Service: "fake", Instance: name, Abilities: uint64(wire.IdempotencyKeys),
			Methods: []binder.Method{{Name: "do", Signature: signature}},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// listen has it get calls.
func (k *fakeKeeper) listen(t *testing.T) {
	t.Helper()
	sub, err := k.nc.Subscribe("helium.at.fake."+k.name+".>", func(m *nats.Msg) { k.calls <- m })
	if err == nil {
		err = k.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	k.sub = sub
}

// next returns the next call, and its idempotency key.
func (k *fakeKeeper) next(t *testing.T) (m *nats.Msg, f wire.Frame, key string) {
	t.Helper()
	m = within(t, k.calls, "call at "+k.name)
	frames, err := wire.ReadMessage(m.Data)
	for err == nil && f.Kind != wire.KindCall {
		err = frames.Next(&f)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := msgpack.NewReader(f.Metadata)
	md, err := r.TextMap(wire.MaxEntries)
	if err != nil {
		t.Fatal(err)
	}
	return m, f, md["helium-idempotency-key"]
}

func (k *fakeKeeper) answer(t *testing.T, m *nats.Msg, f wire.Frame) {
	t.Helper()
	if err := m.Respond(wire.AppendFrame(wire.AppendMessageHeader(nil), &f)); err != nil {
		t.Error(err)
	}
}

func TestACallWithAKeyWhoseAnswerGotLostIsMadeAgainAtItsInstanceOnly(t *testing.T) {
	env := heliumtest.New(t)
	keepers := map[string]*fakeKeeper{"i1": newFakeKeeper(t, env, "i1", "do() int64"), "i2": newFakeKeeper(t, env, "i2", "do() int64")}
	all := &tellers{t: t, env: env, byName: map[string]*rpcserver.Server{"i1": nil, "i2": nil}}
	first, second := keepers[all.order("k")[0]], keepers[all.order("k")[1]]
	call := func() chan string {
		answer := make(chan string, 1)
		go func() {
			n, err := rpcclient.Call[int64](withKey(t, "k"), env.Client, "fake.do")
			answer <- fmt.Sprint(n, " ", helium.OutcomeOf(err), " ", err)
		}()
		return answer
	}
	lost := wire.AppendError(nil, helium.ErrCut.WithOutcome(helium.Unknown))

	answer := call()
	m, f, key := first.next(t)
	if key != "k" {
		t.Errorf("the call's key is %q, want k", key)
	}
	first.answer(t, m, wire.Frame{Kind: wire.KindError, Seq: f.Seq, Body: lost})
	m, f, key = first.next(t)
	if key != "k" {
		t.Errorf("the second attempt's key is %q, want k", key)
	}
	first.answer(t, m, wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: msgpack.AppendInt(nil, 7)})
	if got := within(t, answer, "answer"); !strings.HasPrefix(got, "7 ") {
		t.Errorf("do() = %s, want 7", got)
	}

	// Where the instance is gone, the outcome stays unknown.
	answer = call()
	m, f, _ = first.next(t)
	if err := errors.Join(first.sub.Unsubscribe(), first.nc.Flush()); err != nil {
		t.Fatal(err)
	}
	first.answer(t, m, wire.Frame{Kind: wire.KindError, Seq: f.Seq, Body: lost})
	if got := within(t, answer, "answer"); !strings.HasPrefix(got, "0 unknown ") || !strings.Contains(got, first.name) {
		t.Errorf("do() = %s, want an error that names %s, unknown", got, first.name)
	}
	if n := len(second.calls); n != 0 {
		t.Errorf("the other instance got %d calls, want none", n)
	}

	// So it does when the program calls again with the key: it may have run.
	answer = call()
	if got := within(t, answer, "answer"); !strings.HasPrefix(got, "0 unknown ") || !strings.Contains(got, first.name) || !strings.Contains(got, "another key") {
		t.Errorf("do() = %s, want an error that names %s, unknown", got, first.name)
	}
	if n := len(second.calls); n != 0 {
		t.Errorf("the other instance got %d calls, want none", n)
	}
	// Where the instance is back, that is settled, whatever the client had found out about it.
	first.listen(t)
	answer = call()
	m, f, _ = first.next(t)
	first.answer(t, m, wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: msgpack.AppendInt(nil, 9)})
	if got := within(t, answer, "answer"); !strings.HasPrefix(got, "9 ") {
		t.Errorf("do() = %s, want 9", got)
	}

	// A call that certainly didn't run goes to the key's next instance.
	if err := errors.Join(first.sub.Unsubscribe(), first.nc.Flush()); err != nil {
		t.Fatal(err)
	}
	answer = call()
	m, f, _ = second.next(t)
	second.answer(t, m, wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: msgpack.AppendInt(nil, 8)})
	if got := within(t, answer, "answer"); !strings.HasPrefix(got, "8 ") {
		t.Errorf("do() = %s, want 8", got)
	}
}

func TestACallWithAKeyThatMayHaveRunGoesNowhereElseForItsArgumentsEither(t *testing.T) {
	env := heliumtest.New(t)
	keepers := map[string]*fakeKeeper{"i1": newFakeKeeper(t, env, "i1", "do(int64) int64"), "i2": newFakeKeeper(t, env, "i2", "do(string) int64")}
	all := &tellers{t: t, env: env, byName: map[string]*rpcserver.Server{"i1": nil, "i2": nil}}
	first, second := keepers[all.order("k")[0]], keepers[all.order("k")[1]]
	failed := make(chan error, 1)
	go func() { failed <- env.Client.Call(withKey(t, "k"), "fake.do", nil, opaque{7}) }()
	for _, e := range []*helium.Error{helium.ErrCut.WithOutcome(helium.Unknown), helium.ErrBadArgument.WithOutcome(helium.NotExecuted)} {
		m, f, _ := first.next(t)
		e.Instance = first.name
		first.answer(t, m, wire.Frame{Kind: wire.KindError, Seq: f.Seq, Body: wire.AppendError(nil, e)})
	}
	wantError(t, within(t, failed, "error"), helium.ErrBadArgument, helium.Unknown)
	if n := len(second.calls); n != 0 {
		t.Errorf("the other instance got %d calls, want none", n)
	}
}

func TestWhereACallByAtMayHaveRunOthersOfItsKeyGoToo(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: once})
	keepers := map[string]*fakeKeeper{"i1": newFakeKeeper(t, env, "i1", "do() int64"), "i2": newFakeKeeper(t, env, "i2", "do() int64")}
	all := &tellers{t: t, env: env, byName: map[string]*rpcserver.Server{"i1": nil, "i2": nil}}
	other := keepers[all.order("k")[1]] // than the one that the key picks
	failed := make(chan error, 1)
	go func() { failed <- env.Client.At(other.name).Call(withKey(t, "k"), "fake.do", nil) }()
	m, f, _ := other.next(t)
	other.answer(t, m, wire.Frame{Kind: wire.KindError, Seq: f.Seq, Body: wire.AppendError(nil, helium.ErrCut.WithOutcome(helium.Unknown))})
	wantError(t, within(t, failed, "error"), helium.ErrCut, helium.Unknown)

	go func() { failed <- env.Client.Call(withKey(t, "k"), "fake.do", nil) }()
	m, f, _ = other.next(t)
	other.answer(t, m, wire.Frame{Kind: wire.KindReply, Seq: f.Seq, Body: msgpack.AppendInt(nil, 7)})
	if err := within(t, failed, "answer"); err != nil {
		t.Error(err)
	}
}

func TestManyCallsOfManyKeysRunOnceEach(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		env := heliumtest.New(t)
		impl := newTill()
		over.serve(env, rpcserver.Config{}, "till", impl)
		over.serve(env, rpcserver.Config{}, "till", impl)
		over.links(t, env.Client, "till", 2)
		over.checkAll(t, env.Client)
		var mu sync.Mutex
		receipts := make(map[string]int64)
		var callers sync.WaitGroup
		for range 32 {
			callers.Go(func() {
				for _, key := range someKeys(40) {
					got, err := rpcclient.Call[int64](rpcclient.WithIdempotencyKey(context.Background(), key), env.Client, "till.pay", 7)
					if err != nil {
						t.Errorf("key %s: %v", key, err)
						return
					}
					mu.Lock()
					if receipts[key] == 0 {
						receipts[key] = got
					} else if receipts[key] != got {
						t.Errorf("key %s got the receipts %d and %d", key, receipts[key], got)
					}
					mu.Unlock()
				}
			})
		}
		callers.Wait()
		wantRuns(t, impl, 40)
	})
}
