package heliumtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = time.Minute

func TestAServiceIsCalledWithinOneProcess(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	math := mathsvc.NewClient(env.Client)

	sum, err := math.Add(t.Context(), 2, 3)
	if err != nil || sum != 5 {
		t.Fatalf("Add(2, 3) = %v, %v; want 5, nil", sum, err)
	}
	_, err = math.Div(t.Context(), 1, 0)
	if !errors.Is(err, mathsvc.ErrDivisionByZero) {
		t.Fatalf("Div(1, 0) error = %v, want ErrDivisionByZero", err)
	}
	if e := helium.AsError(err); e.Outcome != helium.Executed || e.Instance == "" {
		t.Errorf("Div(1, 0) error = %+v, want executed, by an instance", e)
	}
}

// cleanup is a testing.TB whose Cleanup functions run when the test says so.
type cleanup struct {
	testing.TB
	undo []func()
}

func (c *cleanup) Cleanup(f func()) { c.undo = append(c.undo, f) }

func (c *cleanup) run() {
	for i := len(c.undo) - 1; i >= 0; i-- {
		c.undo[i]()
	}
}

func TestEverythingIsClosedWithTheTest(t *testing.T) {
	before := goleak.IgnoreCurrent()
	end := &cleanup{TB: t}
	env := heliumtest.New(end)
	srv := heliumtest.Serve(env, "math", mathsvc.New())
	other := env.NewClient(rpcclient.Config{})
	conn := env.Conn("bare")
	if _, err := mathsvc.NewClient(other).Add(t.Context(), 1, 2); err != nil {
		t.Fatal(err)
	}

	end.run()
	if !conn.IsClosed() {
		t.Error("a connection made by Conn is still open")
	}
	if err := srv.Start(t.Context()); err == nil {
		t.Error("the server could be started again, want it shut down")
	}
	if err := other.Call(t.Context(), "math.add", nil, 1, 2); !errors.Is(err, helium.ErrClientClosed) {
		t.Errorf("a call by a client of the env failed with %v, want ErrClosed", err)
	}
	if _, err := env.Broker.Connect("late"); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("connecting to the broker failed with %v, want broker.ErrClosed", err)
	}
	if err := leak.Find(before); err != nil {
		t.Errorf("goroutines are left: %v", err)
	}
}

func TestClosingTakesMilliseconds(t *testing.T) {
	// What else runs on the machine can hold up some, but not all; a part that waits for
	// something would hold up them all.
	fastest := time.Hour
	for start := time.Now(); fastest > time.Second && time.Since(start) < patience; {
		end := &cleanup{TB: t}
		env := heliumtest.New(end)
		heliumtest.Serve(env, "math", mathsvc.New())
		if _, err := mathsvc.NewClient(env.Client).Add(t.Context(), 1, 2); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		end.run()
		fastest = min(fastest, time.Since(began))
	}
	if fastest > time.Second {
		t.Errorf("the fastest closing took %v, want milliseconds", fastest)
	}
}

type sleeper struct{ entered chan struct{} }

func (s sleeper) Sleep(ctx context.Context) error {
	close(s.entered)
	<-ctx.Done()
	return ctx.Err()
}

func TestACallThatStillRunsIsCutWhenTheTestEnds(t *testing.T) {
	end := &cleanup{TB: t}
	env := heliumtest.New(end)
	s := sleeper{make(chan struct{})}
	heliumtest.ServeWith(env, rpcserver.Config{DrainTimeout: 10 * time.Millisecond}, "sleeper", s)
	caller := heliumtestClientOutside(t, env)
	result := make(chan error, 1)
	go func() { result <- caller.Call(context.Background(), "sleeper.sleep", nil) }()
	<-s.entered
	end.run()
	if err := <-result; err == nil || helium.OutcomeOf(err) != helium.Unknown {
		t.Errorf("the call ended with %v, outcome %v; want an error of unknown outcome", err, helium.OutcomeOf(err))
	}
}

// heliumtestClientOutside returns a client that the env doesn't close.
func heliumtestClientOutside(t *testing.T, env *heliumtest.Env) *rpcclient.Client {
	t.Helper()
	c, err := rpcclient.New(env.Conn("outside"), rpcclient.Config{Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTwoInstancesShareTheCalls(t *testing.T) {
	env := heliumtest.New(t)
	first := heliumtest.Serve(env, "math", mathsvc.New())
	second := heliumtest.Serve(env, "math", mathsvc.New())
	for range 200 {
		if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
			t.Fatal(err)
		}
	}
	a, b := first.Stats().Calls, second.Stats().Calls
	if a == 0 || b == 0 || a+b != 200 {
		t.Errorf("the instances ran %d and %d calls; want both some, 200 together", a, b)
	}
}

func TestABareConnectionSeesWhatIsOnTheBus(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	spy := env.Conn("spy")
	seen := make(chan string, 10)
	if _, err := spy.Subscribe("helium.call.>", func(m *nats.Msg) { seen <- m.Subject }); err != nil {
		t.Fatal(err)
	}
	if err := spy.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	if got, want := <-seen, "helium.call.math.add"; got != want {
		t.Errorf("the call went to %s, want %s", got, want)
	}
}

func TestTheConfigurationsOfThePartsAreUsed(t *testing.T) {
	calls := 0
	count := func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			calls++
			return next(ctx, call)
		}
	}
	env := heliumtest.NewWith(t, heliumtest.Config{
		Broker: broker.Config{Name: "mine"},
		Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{count}},
	})
	if got := env.Broker.Name(); got != "mine" {
		t.Errorf("the broker's name is %q, want %q", got, "mine")
	}
	heliumtest.Serve(env, "math", mathsvc.New())
	if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil || calls != 1 {
		t.Errorf("error %v, and the interceptor saw %d calls; want nil and 1", err, calls)
	}
}

// fatal is a testing.TB that notes what made it fail.
type fatal struct {
	cleanup
	message string
}

func (f *fatal) Helper() {}

func (f *fatal) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	panic(f)
}

func TestAServiceThatCannotBeServedFailsTheTestWithTheReason(t *testing.T) {
	failing := &fatal{cleanup: cleanup{TB: t}}
	defer failing.run()
	env := heliumtest.New(failing)
	func() {
		defer func() { _ = recover() }()
		heliumtest.Serve(env, "nothing", struct{}{})
	}()
	if want := `heliumtest: rpcserver: service "nothing" can't be served`; len(failing.message) < len(want) || failing.message[:len(want)] != want {
		t.Errorf("the test failed with %q, want %q…", failing.message, want)
	}
}
