package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// remote is an Env with a client at the end of a cable, and a gate to call through it.
type remote struct {
	*heliumtest.Env
	gate   *gate
	server *rpcserver.Server
	cable  *cable
	url    string
	nc     *nats.Conn
	client *rpcclient.Client
	before uint64 // the connections that the client had before the last cut
}

func newRemote(t *testing.T, config rpcclient.Config, options ...rpcserver.Option) *remote {
	t.Helper()
	r := &remote{gate: newGate()}
	r.Env = heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Listen: "127.0.0.1:0"}})
	r.cable, r.url = newCable(t, r.Broker.URL()[len("nats://"):])
	r.server = heliumtest.Serve(r.Env, "gate", r.gate, options...)
	nc, err := bus.Connect(t.Context(), bus.Config{URL: r.url, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	r.connect(t, nc, config)
	return r
}

func (r *remote) connect(t *testing.T, nc *nats.Conn, config rpcclient.Config) {
	t.Helper()
	r.nc, r.client = nc, r.NewClientOn(nc, config)
	if err := r.client.Call(t.Context(), "gate.free", nil, 1); err != nil {
		t.Fatal(err)
	}
}

// cut cuts the cable and waits until the client's connection knows.
func (r *remote) cut(t *testing.T) {
	t.Helper()
	r.before = r.client.Connections()
	r.cable.cut()
	eventually(t, func() error {
		if r.nc.IsConnected() {
			return errors.New("the connection doesn't notice that it is cut")
		}
		return nil
	})
}

// mend mends the cable and waits until the client has taken note of its new connection,
// and so of the loss of the old one.
func (r *remote) mend(t *testing.T) {
	t.Helper()
	r.cable.mend()
	eventually(t, func() error {
		if !r.nc.IsConnected() || r.client.Connections() == r.before {
			return errors.New("the connection doesn't come back")
		}
		return nil
	})
}

func TestCallsInFlightFailAtOnceWhenTheConnectionIsLost(t *testing.T) {
	r := newRemote(t, rpcclient.Config{Timeout: time.Minute})
	errs := make(chan []error, 1)
	go func() {
		errs <- together(20, func() error { return r.client.Call(context.Background(), "gate.pass", nil, 1) })
	}()
	for range 20 {
		within(t, r.gate.entered, "call")
	}
	defer close(r.gate.leave)
	began := time.Now()
	r.cut(t)
	for _, err := range within(t, errs, "end of the calls") {
		checkFailure(t, "a call in flight", err, failure{is: helium.ErrDisconnected, code: helium.CodeUnavailable, outcome: helium.Unknown})
	}
	inTime(t, began, "failing")
	if s := r.client.Stats(); s.InFlight != 0 || s.Retries != 0 {
		t.Errorf("in flight %d, retries %d; want 0 and 0", s.InFlight, s.Retries)
	}
}

func TestCallsInFlightFailAtOnceWhenTheBrokerStops(t *testing.T) {
	env := heliumtest.NewWith(t, heliumtest.Config{Broker: broker.Config{Logger: quiet}})
	g := newGate()
	heliumtest.ServeWith(env, rpcserver.Config{Logger: quiet, DrainTimeout: time.Millisecond}, "gate", g)
	errs := make(chan []error, 1)
	go func() {
		errs <- together(5, func() error { return env.Client.Call(context.Background(), "gate.pass", nil, 1) })
	}()
	for range 5 {
		within(t, g.entered, "call")
	}
	env.Broker.Close()
	for _, err := range within(t, errs, "end of the calls") {
		checkFailure(t, "a call in flight", err, failure{is: helium.ErrDisconnected, code: helium.CodeUnavailable, outcome: helium.Unknown})
	}
	// The connection was closed with the broker, and stays so.
	began := time.Now()
	err := env.Client.Call(t.Context(), "gate.pass", nil, 1)
	checkFailure(t, "a later call", err, failure{is: helium.ErrNotSent, code: helium.CodeUnavailable, outcome: helium.NotExecuted, says: []string{"closed"}})
	inTime(t, began, "failing")
}

func TestCallsWithoutAConnectionFailAtOnceAndAreNeverSentLater(t *testing.T) {
	config := rpcclient.Config{Timeout: time.Minute}
	r := newRemote(t, config)
	t.Run("over a connection of package bus", func(t *testing.T) { neverSentLater(t, r) })

	// nats.go's own default keeps what is published while it is down.
	nc, err := nats.Connect(r.url, nats.ReconnectWait(10*time.Millisecond), nats.MaxReconnects(-1))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	r.connect(t, nc, config)
	t.Run("over a connection with a buffer", func(t *testing.T) { neverSentLater(t, r) })
}

func neverSentLater(t *testing.T, r *remote) {
	before := r.server.Stats().Calls
	r.cut(t)
	for range 50 {
		began := time.Now()
		err := r.client.Call(context.Background(), "gate.free", nil, 1)
		wantError(t, err, helium.ErrNotSent, helium.NotExecuted)
		err = r.client.Notify(context.Background(), "gate.free", 1)
		wantError(t, err, helium.ErrNotSent, helium.NotExecuted)
		inTime(t, began, "failing twice")
	}

	r.mend(t)
	eventually(t, func() error { return r.client.Call(t.Context(), "gate.free", nil, 1) })
	// What had been kept would have been sent before that call.
	if got := r.server.Stats().Calls - before; got != 1 {
		t.Errorf("%d calls ran, want the one after the reconnect only", got)
	}
}

func TestAfterAReconnectWhatIsKnownIsLookedUpAgain(t *testing.T) {
	r := newRemote(t, rpcclient.Config{})
	before := r.client.Stats().Lookups
	r.cut(t)
	r.mend(t)
	statsAre(t, r.client, func(s rpcclient.Stats) error {
		if err := r.client.Call(t.Context(), "gate.free", nil, 1); err != nil {
			return err
		}
		if s.Lookups == before {
			return errors.New("nothing was looked up")
		}
		return nil
	})
}

func TestAnIdempotentCallThatLostItsConnectionStaysOfUnknownOutcome(t *testing.T) {
	r := newRemote(t, rpcclient.Config{Timeout: time.Minute}, rpcserver.Idempotent("pass"))
	done := make(chan error, 1)
	go func() { done <- r.client.Call(context.Background(), "gate.pass", nil, 1) }()
	within(t, r.gate.entered, "call")
	defer close(r.gate.leave)
	r.cut(t)
	// It is tried again, and not sent, as there is no connection; but it did run.
	err := within(t, done, "end of the call")
	checkFailure(t, "the call", err, failure{code: helium.CodeUnavailable, outcome: helium.Unknown})
	if s := r.client.Stats(); s.Retries == 0 {
		t.Error("the call wasn't tried again")
	}
}

func TestACallOutlivesAConnectionThatComesBackInTime(t *testing.T) {
	// On a slow machine the call may have had its attempts before the connection is back.
	for deadline := time.Now().Add(patience); !outlives(t); {
		if time.Now().After(deadline) {
			t.Fatalf("no connection came back in time within %v", patience)
		}
	}
}

// outlives checks that a call outlives its connection. It returns false if the call made
// no attempt after the next connection was there.
func outlives(t *testing.T) bool {
	t.Helper()
	r := newRemote(t, rpcclient.Config{MaxAttempts: 10, Timeout: time.Minute}, rpcserver.Idempotent("pass"))
	done := make(chan error, 1)
	go func() { done <- r.client.Call(context.Background(), "gate.pass", nil, 1) }()
	within(t, r.gate.entered, "call")
	first := r.client.Stats().FramesSent
	r.cut(t)
	statsAre(t, r.client, func(s rpcclient.Stats) error {
		if s.FramesSent == first {
			return errors.New("the call isn't made again")
		}
		return nil
	})
	close(r.gate.leave) // the answer to the first attempt comes too late
	r.mend(t)
	attempts := r.client.Stats().FramesSent
	err := within(t, done, "answer")
	if err != nil && r.client.Stats().FramesSent == attempts {
		return false
	}
	if err != nil {
		t.Errorf("the call ended with %v, though its connection was back", err)
	}
	if len(r.gate.entered) == 0 {
		t.Error("the call wasn't made again")
	}
	return true
}

func TestNewOverAConnectionThatIsDownFailsAtOnceAndSaysSo(t *testing.T) {
	r := newRemote(t, rpcclient.Config{})
	r.cut(t)
	began := time.Now()
	_, err := rpcclient.New(r.nc, rpcclient.Config{Logger: quiet})
	if !errors.Is(err, helium.ErrNotConnected) || !strings.Contains(err.Error(), "is down (reconnecting)") {
		t.Errorf("New = %v, want ErrNotConnected that says it is down", err)
	}
	inTime(t, began, "failing")
	r.mend(t)
	c, err := rpcclient.New(r.nc, rpcclient.Config{Logger: quiet})
	if err != nil {
		t.Fatalf("once it is back, New = %v, want nil", err)
	}
	defer c.Close()
	if err := c.Call(t.Context(), "gate.free", nil, 1); err != nil {
		t.Errorf("and a call = %v, want nil", err)
	}
}

func TestAConnectionClosedBeforeTheClientHurtsNobody(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "shapes", newShapes())
	nc := env.Conn("client")
	c, err := rpcclient.New(nc, rpcclient.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Call(t.Context(), "shapes.touch", nil); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	wantError(t, c.Call(t.Context(), "shapes.touch", nil), helium.ErrNotSent, helium.NotExecuted)
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if _, err := rpcclient.New(nc, rpcclient.Config{}); err == nil {
		t.Error("New over a closed connection gives a client, want an error")
	}
	if s := fmt.Sprint(c.Stats().InFlight); s != "0" {
		t.Errorf("%s calls are in flight, want 0", s)
	}
}
