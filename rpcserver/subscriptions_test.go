package rpcserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func mathServer(t *testing.T, nc *nats.Conn, config rpcserver.Config) *rpcserver.Server {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet()
	}
	srv := rpcserver.New(nc, config)
	if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(testContext(t)) })
	return srv
}

func (w *world) answerAsBinder(answer func(m *nats.Msg) string) {
	w.t.Helper()
	nc := w.conn()
	if _, err := nc.Subscribe("helium.binder.>", func(m *nats.Msg) {
		if text := answer(m); text != "" && m.Reply != "" {
			_ = m.Respond([]byte(text))
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		w.t.Fatal(err)
	}
}

func TestARefusedSubscriptionIsSeenWhateverIsRefusedAfterIt(t *testing.T) {
	for _, denied := range []string{"helium.call.math", "helium.call.math.div", "helium.at.>", "helium.ctl.>"} {
		w := newWorld(t, broker.Config{Users: []broker.User{{
			Name: "math", Password: "x", Subscribe: broker.Subjects{Deny: []string{"secret.>", denied}},
		}}})
		w.startBinder(binder.Config{})
		nc := w.connectAs(bus.Config{User: "math", Password: "x"})
		srv := mathServer(t, nc, rpcserver.Config{})
		var told atomic.Int64
		nc.SetErrorHandler(func(*nats.Conn, *nats.Subscription, error) { told.Add(1) })
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() { // others on the connection flood it, and are refused all the time
			defer close(stopped)
			nothing := make(chan *nats.Msg)
			for made := int64(0); ; {
				select {
				case <-stop:
					return
				default:
				}
				_ = nc.Publish("fine", nil)
				// nats.go takes a millisecond to read that one is refused, as whoever floods
				// leaves its lock to nobody for less.
				if made-told.Load() < 100 {
					made++
					if sub, err := nc.ChanSubscribe(fmt.Sprint("secret.", made), nothing); err == nil {
						_ = sub.Unsubscribe()
					}
				}
			}
		}()
		err := srv.Start(testContext(t))
		close(stop)
		<-stopped
		wants(t, err, "may not serve", "allow it to subscribe to")
		if !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("%s is denied: Start = %v, want it to match nats.ErrPermissionViolation", denied, err)
		}
	}
}

func TestWhatIsNoLeaseIsRefused(t *testing.T) {
	for _, answer := range []string{
		`{"lease_ms":0}`, `{"lease_ms":-30000}`, `{"lease_ms":null}`, `{"lease_ms":"30"}`, `{"lease_ms":1e300}`,
		`{}`, `[]`, `null`, `7`, `"x"`, `{"lease":30000}`, `+OK`, `{"type":"io.nats.micro.v1.ping_response","name":"x"}`,
	} {
		w := newWorld(t, broker.Config{})
		w.answerAsBinder(func(*nats.Msg) string { return answer })
		err := mathServer(t, w.conn(), rpcserver.Config{}).Start(testContext(t))
		if !errors.Is(err, helium.ErrNotBinder) {
			t.Errorf("answered with %s, Start = %v; want it to match helium.ErrNotBinder", answer, err)
		}
	}
}

func TestARegistrationThatIsAnsweredTooLateIsTakenBack(t *testing.T) {
	w := newWorld(t, broker.Config{})
	ended := make(chan string, 10)
	register, answer := make(chan struct{}), make(chan struct{})
	var registering sync.Once
	w.answerAsBinder(func(m *nats.Msg) string {
		switch {
		case strings.HasPrefix(m.Subject, "helium.binder.register."):
			registering.Do(func() { close(register) }) // the server asks again while it waits
			<-answer
		case strings.HasPrefix(m.Subject, "helium.binder.end."):
			var request struct{ Instance string }
			_ = json.Unmarshal(m.Data, &request)
			ended <- request.Instance
			return "{}"
		}
		return `{"lease_ms":30000}`
	})
	srv := mathServer(t, w.conn(), rpcserver.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	started := make(chan error, 1)
	go func() { started <- srv.Start(ctx) }()
	receive(t, "the registration", register)
	cancel()
	if err := receive(t, "Start", started); !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v, want it to match context.Canceled", err)
	}
	close(answer)
	if got := receive(t, "the end of the registration", ended); got != srv.Instance() {
		t.Errorf("%q was ended, want %q", got, srv.Instance())
	}
}

func TestAnInboxOfOneTokenIsEnoughToServe(t *testing.T) {
	w := newWorld(t, broker.Config{Users: []broker.User{{
		Name: "math", Password: "x", Subscribe: broker.Subjects{Allow: []string{"_INBOX.math.*", "helium.>"}},
	}}})
	w.startBinder(binder.Config{})
	srv := mathServer(t, w.connectAs(bus.Config{User: "math", Password: "x"}), rpcserver.Config{})
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatalf("Start = %v, want nil", err)
	}
	c := w.client(rpcclient.Config{})
	if got, err := rpcclient.Call[float64](testContext(t), c, "math.add", 2, 3); got != 5 || err != nil {
		t.Errorf("add(2, 3) = %v, %v; want 5", got, err)
	}
}

func TestASubscriptionThatIsLostWithNewPermissionsIsLogged(t *testing.T) {
	conf := func(permissions string) string {
		return `A: { jetstream: enabled, users: [ {user: binder, password: binder}, {user: math, password: math` + permissions + `} ] }`
	}
	w := newAccounts(t, conf(""))
	w.startBinder("binder")
	var log logBook
	if err := mathServer(t, w.connect("math", "math"), rpcserver.Config{Logger: log.logger()}).Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	w.reload(conf(`, permissions: { subscribe: { deny: "helium.call.math.div" } }`))
	eventually(t, "the log tells", func() bool {
		return strings.Contains(log.String(), "no calls come by it") && strings.Contains(log.String(), "subject=helium.call.math.div")
	})
}
