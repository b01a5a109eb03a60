package figures_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/cmd/helium/internal/top/figures"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

const patience = 10 * time.Second

func look(t *testing.T, nc *nats.Conn) *figures.Look {
	t.Helper()
	l, err := figures.Ask(t.Context(), nc, patience)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lookAt looks at so many instances: again if one was so much slower than the others
// that its answer wasn't waited for.
func lookAt(t *testing.T, nc *nats.Conn, instances int) *figures.Look {
	t.Helper()
	for range 20 {
		if l := look(t, nc); len(l.Instances) == instances {
			return l
		}
	}
	t.Fatalf("in none of 20 looks %d instances answered", instances)
	return nil
}

func TestRowsTellWhatHappenedBetweenTwoLooks(t *testing.T) {
	env := heliumtest.New(t)
	one := heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	two := heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	nc := env.Conn("top")
	call := func(instance, method string, a, b float64) {
		var x float64
		_ = env.Client.At(instance).Call(t.Context(), "math."+method, &x, a, b)
	}
	call(one.Instance(), "add", 1, 2) // before the first look
	before := lookAt(t, nc, 2)
	for range 6 {
		call(one.Instance(), "add", 1, 2)
	}
	for range 4 {
		call(two.Instance(), "add", 1, 2)
		call(two.Instance(), "div", 1, 0)
	}
	after := lookAt(t, nc, 2)
	type perInstance struct{ one, two float64 }
	// Each instance's calls are those between its own two answers.
	rate := func(calls perInstance) float64 {
		between := func(instance string) float64 {
			i := figures.Instance{Service: "math", ID: instance}
			return after.Instances[i].At.Sub(before.Instances[i].At).Seconds()
		}
		return calls.one/between(one.Instance()) + calls.two/between(two.Instance())
	}
	for _, test := range []struct {
		by                        figures.Grouping
		service, method, instance string
		calls, errors             perInstance // between the looks
		instances                 int
		total                     uint64
	}{
		{figures.ByService, "math", "", "", perInstance{6, 8}, perInstance{0, 4}, 2, 15},
		{figures.ByMethod, "math", "add", "", perInstance{6, 4}, perInstance{}, 2, 11},
		{figures.ByMethod, "math", "div", "", perInstance{0, 4}, perInstance{0, 4}, 2, 4},
		{figures.ByInstance, "math", "", one.Instance(), perInstance{6, 0}, perInstance{}, 1, 7},
		{figures.ByAll, "math", "div", two.Instance(), perInstance{0, 4}, perInstance{0, 4}, 1, 4},
		{figures.ByAll, "math", "sub", two.Instance(), perInstance{}, perInstance{}, 1, 0},
	} {
		found := false
		for _, r := range figures.Rows(before, after, test.by) {
			if r.Service != test.service || r.Method != test.method || r.Instance != test.instance {
				continue
			}
			found = true
			if want := rate(test.calls); math.Abs(r.Calls-want) > want*1e-9 {
				t.Errorf("%+v: %g calls a second, want %g", test, r.Calls, want)
			}
			if want := rate(test.errors); math.Abs(r.Errors-want) > want*1e-9 {
				t.Errorf("%+v: %g errors a second, want %g", test, r.Errors, want)
			}
			if r.Instances != test.instances || r.TotalCalls != test.total {
				t.Errorf("%+v: %d instances, %d calls in all; want %d and %d", test, r.Instances, r.TotalCalls, test.instances, test.total)
			}
			if r.HasLatency != (test.calls != perInstance{}) || r.P99 < r.P50 {
				t.Errorf("%+v: p50 %v, p99 %v, told: %t; want some where there were calls", test, r.P50, r.P99, r.HasLatency)
			}
			if (r.LastError != "") != (test.errors != perInstance{}) {
				t.Errorf("%+v: last error %q, want one where there were errors", test, r.LastError)
			}
		}
		if !found {
			t.Errorf("no row for %+v in %+v", test, figures.Rows(before, after, test.by))
		}
	}
}

// holding is a service whose calls last until they are let go.
type holding struct{ entered, leave chan struct{} }

func (h holding) Hold() {
	h.entered <- struct{}{}
	<-h.leave
}

func TestRowsOfAnInstanceTellItsLoadAndAllRowsWhatWasRefused(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{MaxAttempts: 1}})
	held := holding{make(chan struct{}, 1), make(chan struct{})}
	heliumtest.ServeWith(env, rpcserver.Config{MaxInFlight: 1, MaxQueue: -1}, "holding", held)
	nc := env.Conn("top")
	before := look(t, nc)
	ended := make(chan error, 1)
	go func() { ended <- env.Client.Call(context.Background(), "holding.hold", nil) }()
	<-held.entered
	if err := env.Client.Call(t.Context(), "holding.hold", nil); !errors.Is(err, helium.ErrOverloaded) {
		t.Errorf("a second call = %v, want ErrOverloaded", err)
	}
	after := look(t, nc)
	close(held.leave)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for name, by := range figures.Groupings {
		rows := figures.Rows(before, after, by)
		if len(rows) != 1 || rows[0].TotalRefused != 1 || rows[0].Refused <= 0 {
			t.Errorf("by %s: %+v, want one row with one call refused", name, rows)
			continue
		}
		switch load := rows[0].Load; {
		case rows[0].Instance == "" && load != nil:
			t.Errorf("by %s: the load of all instances is %+v, want none", name, *load)
		case rows[0].Instance != "" && (load == nil || load.Running != 1 || load.MayRun != 1 || load.Waiting != 0):
			t.Errorf("by %s: the load of the instance is %+v, want one call that runs of one", name, load)
		}
	}
}

func TestWithoutAnEarlierLookThereAreNoRates(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	rows := figures.Rows(nil, look(t, env.Conn("top")), figures.ByService)
	if len(rows) != 1 || rows[0].Calls != 0 || rows[0].TotalCalls != 1 {
		t.Errorf("%+v, want one row without a rate, of 1 call in all", rows)
	}
}

func TestAnInstanceThatIsNewCountsFromItsBeginning(t *testing.T) {
	env := heliumtest.New(t)
	nc := env.Conn("top")
	before := look(t, nc)
	heliumtest.Serve[mathsvc.Service](env, "math", mathsvc.New())
	if err := env.Client.Call(t.Context(), "math.add", nil, 1, 2); err != nil {
		t.Fatal(err)
	}
	rows := figures.Rows(before, look(t, nc), figures.ByService)
	if len(rows) != 1 || rows[0].Calls <= 0 {
		t.Errorf("%+v, want one row with a rate", rows)
	}
}

func TestNobodyIsKnownAtOnce(t *testing.T) {
	env := heliumtest.New(t)
	began := time.Now()
	l, err := figures.Ask(t.Context(), env.Conn("top"), time.Minute)
	if err != nil || len(l.Instances) != 0 {
		t.Errorf("%+v, %v; want nobody", l, err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("it took %v, want no wait for answers that can't come", took)
	}
}

func TestOtherServicesAreThereWithoutPercentiles(t *testing.T) {
	env := heliumtest.New(t)
	serving := env.Conn("other")
	svc, err := micro.AddService(serving, micro.Config{
		Name: "other", Version: "1.0.0",
		Endpoint: &micro.EndpointConfig{Subject: "other.echo", Handler: micro.HandlerFunc(func(r micro.Request) { _ = r.Respond(r.Data()) })},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = svc.Stop() })
	if err := serving.Flush(); err != nil { // else it may not hear the first question
		t.Fatal(err)
	}
	nc := env.Conn("top")
	before := look(t, nc)
	if _, err := nc.Request("other.echo", []byte("x"), patience); err != nil {
		t.Fatal(err)
	}
	other := figures.Instance{Service: "other", ID: svc.Info().ID}
	after := look(t, nc)
	// nats.go counts a call after its answer has left.
	for deadline := time.Now().Add(patience); after.Instances[other].Endpoints["default"].Requests == 0 && time.Now().Before(deadline); {
		after = look(t, nc)
	}
	rows := figures.Rows(before, after, figures.ByService)
	if len(rows) != 1 || rows[0].Calls <= 0 || rows[0].HasLatency || figures.Rows(before, after, figures.ByInstance)[0].Load != nil {
		t.Errorf("%+v, want one row with a rate, without percentiles and without a load", rows)
	}
}

func TestWhoMayNotAskIsTold(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Logger: quiet, Users: []broker.User{{
		Name: "limited", Password: "secret", Publish: broker.Subjects{Deny: []string{"$SRV.>"}},
	}}}})
	nc, err := env.Broker.ConnectWith(t.Context(), bus.Config{User: "limited", Password: "secret", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	if _, err := figures.Ask(t.Context(), nc, patience); !errors.Is(err, figures.ErrDenied) {
		t.Errorf("Ask = %v, want ErrDenied", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := figures.Ask(ctx, env.Conn("top"), patience); !errors.Is(err, context.Canceled) {
		t.Errorf("Ask with an ended context = %v, want its error", err)
	}
}

func TestRowsAreSortedMostFirstAndThenByName(t *testing.T) {
	rows := func() []figures.Row {
		return []figures.Row{
			{Service: "b", Calls: 1, P99: 3}, {Service: "c", Calls: 5, Errors: 1}, {Service: "a", Calls: 1, P99: 3, InFlight: 2},
		}
	}
	for order, want := range map[string]string{
		"calls": "cab", "errors": "cab", "p99": "abc", "inflight": "abc", "name": "abc",
	} {
		got := ""
		sorted := rows()
		figures.Sort(sorted, figures.Orders[order])
		for _, r := range sorted {
			got += r.Service
		}
		if got != want {
			t.Errorf("by %s: %s, want %s", order, got, want)
		}
	}
}

func TestPercentilesAreThoseOfTheTimeBetweenTheLooks(t *testing.T) {
	at := time.Now()
	lookAt := func(at time.Time, requests uint64, latency string) *figures.Look {
		e := figures.Endpoint{Requests: requests, HasLatency: true}
		if err := json.Unmarshal([]byte(latency), &e.Latency); err != nil {
			t.Fatal(err)
		}
		return &figures.Look{At: at, Instances: map[figures.Instance]*figures.Counts{
			{Service: "math", ID: "i1"}: {At: at, Endpoints: map[string]figures.Endpoint{"add": e}},
		}}
	}
	const slow, quick = "1073741824", "1024" // bounds, in nanoseconds
	before := lookAt(at, 1000, "[["+slow+",1000]]")
	after := lookAt(at.Add(2*time.Second), 1100, "[["+quick+",100],["+slow+",1000]]")
	rows := figures.Rows(before, after, figures.ByMethod)
	if len(rows) != 1 || rows[0].P99 > 2*time.Microsecond || rows[0].Calls != 50 || rows[0].TotalCalls != 1100 {
		t.Errorf("%+v; want 50 calls a second, of 1 µs at most, and 1100 in all", rows)
	}
	// An instance that began again has figures that went back: they are all new.
	rows = figures.Rows(after, lookAt(at.Add(4*time.Second), 10, "[["+quick+",10]]"), figures.ByMethod)
	if len(rows) != 1 || rows[0].Calls != 5 || rows[0].P99 > 2*time.Microsecond {
		t.Errorf("%+v; want 5 calls a second, of 1 µs at most", rows)
	}
}
