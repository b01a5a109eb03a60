package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// callAll returns the answers of all instances, by instance.
func callAll[T any](t testing.TB, ctx context.Context, c *rpcclient.Client, method string, args ...any) map[string]rpcclient.Answer[T] {
	t.Helper()
	answers := make(map[string]rpcclient.Answer[T])
	for answer := range rpcclient.All[T](ctx, c, method, args...) {
		if before, twice := answers[answer.Instance]; twice {
			t.Errorf("%s(%v): instance %q answered %v and %v, want one answer", method, args, answer.Instance, before, answer)
		}
		answers[answer.Instance] = answer
	}
	return answers
}

// allAnswer waits until the client knows of so many instances that answer.
func allAnswer(t testing.TB, c *rpcclient.Client, method string, instances int, args ...any) {
	t.Helper()
	eventually(t, func() error {
		if answers := callAll[any](t, t.Context(), c, method, args...); len(answers) != instances {
			return fmt.Errorf("%d instances answer %s, want %d: %v", len(answers), method, instances, answers)
		}
		return nil
	})
}

// register puts a record into the registry that no server stands for.
func register(t testing.TB, env *heliumtest.Env, records ...binder.Record) {
	t.Helper()
	registry, err := binder.NewClient(env.Conn("registrar"), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		if _, err := registry.Register(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
}

func TestACallToAllInstancesRunsOnceAtEach(t *testing.T) {
	env := heliumtest.New(t)
	servers := make(map[string]*rpcserver.Server)
	for range 3 {
		srv := heliumtest.Serve(env, "counter", new(counter))
		servers[srv.Instance()] = srv
	}
	c := env.NewClient(long)
	for _, name := range []string{"counter.countA", "countA"} {
		before := make(map[string]uint64)
		for instance, srv := range servers {
			before[instance] = srv.Stats().Calls
		}
		answers := callAll[int](t, t.Context(), c, name)
		if got, want := slices.Sorted(maps.Keys(answers)), slices.Sorted(maps.Keys(servers)); !slices.Equal(got, want) {
			t.Fatalf("%s: answers of %v, want %v", name, got, want)
		}
		for instance, answer := range answers {
			if ran := servers[instance].Stats().Calls - before[instance]; ran != 1 || answer.Err != nil || answer.Value != int(before[instance])+1 {
				t.Errorf("%s: instance %s answered %v, %v and had %d calls, want its count and one call", name, instance, answer.Value, answer.Err, ran)
			}
		}
	}
	one := slices.Sorted(maps.Keys(servers))[0]
	if answers := callAll[int](t, t.Context(), c.At(one), "counter.countA"); len(answers) != 1 || answers[one].Err != nil {
		t.Errorf("by a view at %s: %v, want its answer alone", one, answers)
	}
	if answers := callAll[struct{}](t, t.Context(), c, "counter.countA"); len(answers) != 3 || answers[one].Err != nil {
		t.Errorf("without results: %v, want that all have answered", answers)
	}
	if answers := callAll[int](t, t.Context(), rpcclient.Keyed(c, "k"), "counter.countA"); len(answers) != 3 {
		t.Errorf("by a view with a key: %v, want the answers of all", answers)
	}
}

func TestACallToAllWithAnIdempotencyKeyRunsOnceAtEach(t *testing.T) {
	env := heliumtest.New(t)
	for range 2 {
		heliumtest.Serve(env, "counter", new(counter))
	}
	c := env.NewClient(long)
	ctx := rpcclient.WithIdempotencyKey(t.Context(), "k")
	for range 3 {
		answers := callAll[int](t, ctx, c, "counter.countA")
		for instance, answer := range answers {
			if answer.Value != 1 || answer.Err != nil {
				t.Errorf("instance %s answered %d, %v; want what its only run returned, 1", instance, answer.Value, answer.Err)
			}
		}
		if len(answers) != 2 {
			t.Errorf("answers %v, want those of two instances", answers)
		}
	}
}

func TestAnInstanceThatIsGoneIsNamedAtOnceWhenAllAreCalled(t *testing.T) {
	env := heliumtest.New(t)
	srv := heliumtest.Serve(env, "math", mathsvc.New())
	register(t, env, binder.Record{Service: "math", Instance: "gone", Methods: []binder.Method{
		{Name: "add", Signature: "add(a float64, b float64) float64", Idempotent: true},
	}})
	began := time.Now()
	answers := callAll[float64](t, t.Context(), env.NewClient(long), "math.add", 2, 3)
	inTime(t, began, "the end of the loop")
	if len(answers) != 2 {
		t.Fatalf("answers %v, want two", answers)
	}
	if got := answers[srv.Instance()]; got.Value != 5 || got.Err != nil {
		t.Errorf("the instance that is there answered %v, %v; want 5", got.Value, got.Err)
	}
	checkFailure(t, "the one that is gone", answers["gone"].Err, failure{
		is: helium.ErrNoInstance, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{"gone"},
	})
}

func TestInstancesThatTheRegistryHasForgottenAreCalledWhileTheyAreThere(t *testing.T) {
	env := heliumtest.New(t)
	there := heliumtest.Serve(env, "counter", new(counter))
	lost := heliumtest.Serve(env, "counter", new(counter))
	register(t, env, binder.Record{Service: "counter", Instance: "gone", Methods: []binder.Method{{Name: "countA", Signature: "countA() int64"}}})
	c := env.NewClient(long)
	callAll[int](t, t.Context(), c, "counter.countA")
	knowsInstances(t, c, "counter", 3)
	registry := storeOf(t, env)
	registry.lose("counter." + lost.Instance())
	registry.lose("counter.gone")
	knowsInstances(t, c, "counter", 1)
	answers := callAll[int](t, t.Context(), c, "counter.countA")
	for _, srv := range []*rpcserver.Server{there, lost} {
		if answer, ok := answers[srv.Instance()]; !ok || answer.Err != nil {
			t.Errorf("instance %s answered %v, %v; want its count", srv.Instance(), answer.Value, answer.Err)
		}
	}
	if len(answers) != 2 {
		t.Errorf("answers %v, want none of the instance that the registry and NATS don't know", answers)
	}
}

func TestInstancesOfOtherVersionsAreToldApartWhenAllAreCalled(t *testing.T) {
	env := heliumtest.New(t)
	one := heliumtest.Serve(env, "adder", adder1{})
	two := heliumtest.Serve(env, "adder", adder2{})
	c := env.NewClient(long)
	eventually(t, func() error { return c.At(two.Instance()).Call(t.Context(), "adder.double", nil, 4) })

	lacking := callAll[float64](t, t.Context(), c, "adder.double", 4)
	if got := lacking[two.Instance()]; len(lacking) != 2 || got.Value != 8 || got.Err != nil {
		t.Errorf("double(4): %v, want 8 of %s and another answer", lacking, two.Instance())
	}
	checkFailure(t, "the instance without the method", lacking[one.Instance()].Err, failure{
		is: helium.ErrUnknownMethod, code: helium.CodeUnimplemented, outcome: helium.NotExecuted, says: []string{one.Instance()},
	})
	differing := callAll[float64](t, t.Context(), c, "adder.add", 1, 2)
	if got := differing[one.Instance()]; len(differing) != 2 || got.Value != 3 || got.Err != nil {
		t.Errorf("add(1, 2): %v, want 3 of %s and another answer", differing, one.Instance())
	}
	wantError(t, differing[two.Instance()].Err, helium.ErrMismatch, helium.NotExecuted)
	if calls := one.Stats().Calls; calls != 1 {
		t.Errorf("the first instance had %d calls, want 1", calls)
	}
}

func TestWhereNoInstanceCanBeCalledTheOnlyAnswerSaysWhatACallDoes(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	heliumtest.Serve(env, "adder", adder1{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	closed := env.NewClient(rpcclient.Config{})
	closed.Close()
	for name, test := range map[string]struct {
		c      *rpcclient.Client
		ctx    context.Context
		method string
		args   []any
	}{
		"an unknown service":          {env.Client, t.Context(), "nobody.add", []any{1, 2}},
		"an unknown method":           {env.Client, t.Context(), "math.addd", []any{1, 2}},
		"an unknown bare name":        {env.Client, t.Context(), "addd", []any{1, 2}},
		"an ambiguous bare name":      {env.Client, t.Context(), "add", []any{1, 2}},
		"what can't be a name":        {env.Client, t.Context(), "math.a b", []any{1, 2}},
		"arguments that fit none":     {env.Client, t.Context(), "math.add", []any{1, 2, 3}},
		"arguments of another type":   {env.Client, t.Context(), "math.add", []any{"a", func() {}}},
		"a context that has ended":    {env.Client, ended, "math.add", []any{1, 2}},
		"a client that is closed":     {closed, t.Context(), "math.add", []any{1, 2}},
		"a client that is nil":        {nil, t.Context(), "math.add", []any{1, 2}},
		"an instance with a bad name": {env.Client.At("a b"), t.Context(), "math.add", []any{1, 2}},
	} {
		want := test.c.Call(test.ctx, test.method, nil, test.args...)
		answers := slices.Collect(rpcclient.All[float64](test.ctx, test.c, test.method, test.args...))
		if len(answers) != 1 || answers[0].Err == nil || want == nil {
			t.Errorf("%s: answers %v, and a call gives %v; want one answer with an error", name, answers, want)
			continue
		}
		got, as := helium.AsError(answers[0].Err), helium.AsError(want)
		if got.Reason != as.Reason || got.Code != as.Code || got.Outcome != as.Outcome || got.Error() != as.Error() {
			t.Errorf("%s: %v (%v), want what a call gives, %v (%v)", name, got, got.Outcome, as, as.Outcome)
		}
	}
}

func TestBreakingOutOfTheLoopCancelsTheCallsThatStillRun(t *testing.T) {
	env := heliumtest.New(t)
	quick, slow := newGate(), newGate()
	close(quick.leave)
	first := heliumtest.Serve(env, "gate", quick)
	heliumtest.Serve(env, "gate", slow)
	c := env.NewClient(long)
	allAnswer(t, c, "gate.free", 2, 0)
	var handler context.Context // of the call that still runs
	for answer := range rpcclient.All[int](t.Context(), c, "gate.pass", 7) {
		if answer.Instance != first.Instance() || answer.Value != 7 || answer.Err != nil {
			t.Errorf("the first answer is %v, want 7 by %s", answer, first.Instance())
		}
		handler = within(t, slow.entered, "handler at the slow instance")
		break
	}
	within(t, handler.Done(), "end of the handler that still ran")
	statsAre(t, c, func(s rpcclient.Stats) error {
		if s.InFlight != 0 {
			return fmt.Errorf("%d calls are in flight, want none", s.InFlight)
		}
		return nil
	})
}

func TestAnInstanceThatDoesNotAnswerIsNamedAtTheDeadlineOfAll(t *testing.T) {
	env := heliumtest.New(t)
	quick, slow := newGate(), newGate()
	close(quick.leave)
	heliumtest.Serve(env, "gate", quick)
	stuck := heliumtest.Serve(env, "gate", slow)
	c := env.NewClient(long)
	allAnswer(t, c, "gate.free", 2, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	answers := callAll[int](t, ctx, c, "gate.pass", 7)
	if len(answers) != 2 {
		t.Fatalf("answers %v, want two", answers)
	}
	if err := answers[stuck.Instance()].Err; helium.CodeOf(err) != helium.CodeDeadlineExceeded || helium.OutcomeOf(err) == helium.NotExecuted {
		t.Errorf("the instance that doesn't answer: %v (%v), want that the deadline is exceeded and the call may have run", err, helium.OutcomeOf(err))
	}
}

func TestInterceptorsAndInstancesSeeEachCallToAll(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]int)
	look := func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			mu.Lock()
			seen[call.Service()+"."+call.Method()+" at "+call.Instance()]++
			mu.Unlock()
			return next(helium.WithMetadata(ctx, helium.Metadata{"tenant": helium.SentMetadata(ctx)["shop"]}), call)
		}
	}
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{look}}})
	var tenants atomic.Int64
	count := func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			if helium.MetadataFrom(ctx)["tenant"] == "acme" {
				tenants.Add(1)
			}
			return next(ctx, call)
		}
	}
	want := make(map[string]int)
	for range 2 {
		srv := heliumtest.ServeWith(env, rpcserver.Config{Interceptors: []rpcserver.Interceptor{count}}, "math", mathsvc.New())
		want["math.add at "+srv.Instance()] = 1
	}
	answers := callAll[float64](t, helium.WithMetadata(t.Context(), helium.Metadata{"shop": "acme"}), env.Client, "math.add", 2, 3)
	if len(answers) != 2 || tenants.Load() != 2 {
		t.Errorf("%d answers, and %d instances got the metadata; want two of both", len(answers), tenants.Load())
	}
	if !maps.Equal(seen, want) {
		t.Errorf("the interceptor saw %v, want %v", seen, want)
	}
}

// serveMany answers the calls of many instances by one connection, in the order of their coming
// when all have come, and returns how often each was called.
func serveMany(t *testing.T, env *heliumtest.Env, count int, answer func(instance string, call fakeCall) *wire.Frame) (calls func() map[string]int) {
	t.Helper()
	nc := env.Conn("many")
	var mu sync.Mutex
	called := make(map[string]int)
	subscribe(t, nc, "helium.at.many.>", func(m *nats.Msg) {
		instance := strings.Split(m.Subject, ".")[3]
		frames, err := wire.ReadMessage(m.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err != nil || f.Kind != wire.KindCall {
				continue
			}
			mu.Lock()
			called[instance]++
			mu.Unlock()
			if a := answer(instance, fakeCall{f.Seq, m.Reply}); a != nil {
				_ = m.Respond(wire.AppendFrame(wire.AppendMessageHeader(nil), a))
			}
		}
	})
	records := make([]binder.Record, count)
	for i := range records {
		records[i] = binder.Record{Service: "many", Instance: fmt.Sprint("i", i), Methods: []binder.Method{{Name: "do", Signature: "do(n int64) int64", Idempotent: true}}}
	}
	register(t, env, records...)
	return func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return maps.Clone(called)
	}
}

func TestAThousandInstancesAnswerTogether(t *testing.T) {
	const instances = 1000
	env := heliumtest.New(t)
	calls := serveMany(t, env, instances, func(_ string, call fakeCall) *wire.Frame {
		return &wire.Frame{Kind: wire.KindReply, Seq: call.seq, Body: msgpack.AppendInt(nil, 7)}
	})
	answers := callAll[int](t, t.Context(), env.NewClient(long), "many.do", 1)
	for instance, answer := range answers {
		if answer.Value != 7 || answer.Err != nil {
			t.Errorf("instance %s answered %v, %v; want 7", instance, answer.Value, answer.Err)
		}
	}
	got := calls()
	for instance, n := range got {
		if n != 1 {
			t.Errorf("instance %s had %d calls, want one", instance, n)
		}
	}
	if len(answers) != instances || len(got) != instances {
		t.Errorf("%d answers of %d instances that were called, want %d", len(answers), len(got), instances)
	}
}

func TestOfACallToAllInstancesSoManyAreInFlightAtOnce(t *testing.T) {
	const most = 1024
	env := heliumtest.New(t)
	calls := serveMany(t, env, most+100, func(string, fakeCall) *wire.Frame { return nil }) // nobody answers
	c := env.NewClient(long)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range rpcclient.All[int](ctx, c, "many.do", 1) {
		}
	}()
	eventually(t, func() error {
		if n := len(calls()); n < most {
			return fmt.Errorf("%d instances were called, want %d", n, most)
		}
		return nil
	})
	if n := c.Stats().InFlight; n > most {
		t.Errorf("%d calls are in flight, want %d at most", n, most)
	}
	cancel()
	within(t, over, "end of the loop")
	if n := len(calls()); n > most {
		t.Errorf("%d instances were called before any has answered, want %d", n, most)
	}
}

func TestACallToAllIsNotMadeAgainWhereItMayHaveRun(t *testing.T) {
	env := heliumtest.New(t)
	lost := helium.ErrUnfinished.WithOutcome(helium.Unknown)
	var busy atomic.Bool
	calls := serveMany(t, env, 2, func(instance string, call fakeCall) *wire.Frame {
		e := lost
		if instance == "i1" {
			if !busy.Swap(true) {
				e = helium.ErrOverloaded.WithOutcome(helium.NotExecuted)
			} else {
				return &wire.Frame{Kind: wire.KindReply, Seq: call.seq, Body: msgpack.AppendInt(nil, 7)}
			}
		}
		return &wire.Frame{Kind: wire.KindError, Seq: call.seq, Body: wire.AppendError(nil, e)}
	})
	answers := callAll[int](t, t.Context(), env.NewClient(long), "many.do", 1)
	if got := calls(); got["i0"] != 1 || got["i1"] != 2 {
		t.Errorf("the instances were called %v times, want the one that lost the call once and the busy one again", got)
	}
	if err := answers["i0"].Err; !errors.Is(err, helium.ErrUnfinished) || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the instance that lost the call: %v (%v), want its error, unknown", err, helium.OutcomeOf(err))
	}
	if got := answers["i1"]; got.Value != 7 || got.Err != nil {
		t.Errorf("the instance that was busy: %v, %v; want 7", got.Value, got.Err)
	}
}

func TestWithoutPermissionForSingleInstancesEachAnswerSaysSo(t *testing.T) {
	env, nc := newLimited(t, "helium.call.>", "helium.binder.>")
	heliumtest.Serve(env, "math", mathsvc.New())
	heliumtest.Serve(env, "math", mathsvc.New())
	answers := callAll[float64](t, t.Context(), env.NewClientOn(nc, long), "math.add", 2, 3)
	if len(answers) != 2 {
		t.Fatalf("answers %v, want two", answers)
	}
	for instance, answer := range answers {
		checkFailure(t, instance, answer.Err, failure{
			is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted, says: []string{"helium.at.math."},
		})
	}
}
