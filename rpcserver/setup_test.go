package rpcserver_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// prompt is far more than what ends with a context takes, and less than any time limit of
// the server's own.
const prompt = 3 * time.Second

// promptly tries something again if it took long: a machine may stand still, but not
// each time.
func promptly(t *testing.T, what string, try func()) {
	t.Helper()
	var took time.Duration
	for range 5 {
		began := time.Now()
		try()
		if took = time.Since(began); took < prompt {
			return
		}
	}
	t.Errorf("%s took %v, five times; want it to end with its context", what, took)
}

// silence listens on the binder's subjects and answers nothing. The channel tells of what
// is asked.
func (w *world) silence() (asked chan *nats.Msg) {
	w.t.Helper()
	nc := w.conn()
	asked = make(chan *nats.Msg, 1000)
	if _, err := nc.ChanSubscribe("helium.binder.>", asked); err != nil {
		w.t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		w.t.Fatal(err)
	}
	return asked
}

func TestStartEndsWithItsContextAndSaysWhatKeptIt(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(w *world)
		says    []string
	}{
		"nobody answers on the binder's subjects": {func(w *world) { w.silence() }, []string{"helium.binder.register.probe"}},
		"no binder": {func(*world) {}, []string{"no binder answers"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, broker.Config{})
			test.prepare(w)
			for kind, limit := range map[string]func() (context.Context, context.CancelFunc){
				"a deadline": func() (context.Context, context.CancelFunc) {
					return context.WithTimeout(context.Background(), 100*time.Millisecond)
				},
				"a cancel": func() (context.Context, context.CancelFunc) {
					ctx, cancel := context.WithCancel(context.Background())
					return ctx, func() { time.AfterFunc(100*time.Millisecond, cancel) }
				},
			} {
				promptly(t, name+", "+kind, func() {
					srv, _ := w.server(rpcserver.Config{})
					ctx, cancel := limit()
					defer cancel()
					if kind == "a cancel" {
						cancel()
					}
					err := srv.Start(ctx)
					if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, helium.ErrNoBinder) {
						t.Errorf("%s: Start = %v, want the end of its context in it", kind, err)
					}
					wants(t, err, test.says...)
				})
			}
		})
	}
}

func TestAUserWhoMayNotRegisterIsToldSoAtOnce(t *testing.T) {
	w := newWorld(t, broker.Config{Users: []broker.User{{
		Name: "math", Password: "x", Publish: broker.Subjects{Deny: []string{"helium.binder.register.>"}},
	}}})
	w.startBinder(binder.Config{})
	promptly(t, "Start", func() {
		srv := rpcserver.New(w.connectAs(bus.Config{User: "math", Password: "x"}), rpcserver.Config{Logger: quiet()})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		err := srv.Start(testContext(t))
		if !errors.Is(err, helium.ErrRegistryNotPermitted) {
			t.Errorf("Start = %v, want ErrNotPermitted", err)
		}
		wants(t, err, "helium.binder.register.math")
	})
}

func TestShutdownEndsWithItsContextWhileStartIsUnderWay(t *testing.T) {
	w := newWorld(t, broker.Config{})
	asked := w.silence()
	promptly(t, "Shutdown", func() {
		srv, _ := w.server(rpcserver.Config{})
		started := make(chan error, 1)
		go func() { started <- srv.Start(testContext(t)) }()
		for !strings.HasPrefix(receive(t, "registration", asked).Subject, "helium.binder.register.") {
			// what the start before asked at its end
		}
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_ = srv.Shutdown(ctx)
		if err := receive(t, "Start", started); err == nil {
			t.Error("Start = nil, want an error")
		}
	})
}

// aServer is a plain nats-server with options that brokers don't have.
func aServer(t *testing.T, options server.Options) (url string) {
	t.Helper()
	options.Host, options.Port, options.NoLog, options.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, true
	if options.JetStream {
		options.StoreDir = t.TempDir()
	}
	s, err := server.NewServer(&options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't come up")
	}
	return s.ClientURL()
}

func connectTo(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := bus.Connect(testContext(t), bus.Config{URL: url, Wait: true, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// However many subscriptions a connection may have, either all that calls come by stand,
// or whoever starts hears why not.
func TestALimitOfSubscriptionsIsToldAtOnceOrEnough(t *testing.T) {
	ran := make(map[bool]int)
	for limit := 1; limit <= 24; limit++ {
		url := aServer(t, server.Options{JetStream: true, MaxSubs: limit})
		nc := connectTo(t, url)
		reg, err := binder.Start(testContext(t), connectTo(t, url), binder.Config{Memory: true, Logger: quiet()})
		if err != nil {
			// The follower's own subscriptions may be those that were too many.
			if !errors.Is(err, nats.ErrMaxSubscriptionsExceeded) && !errors.Is(err, helium.ErrStoreUnavailable) {
				t.Errorf("limit %d: binder.Start = %v, want the limit told", limit, err)
			}
			continue
		}
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		err = srv.Start(testContext(t))
		ran[err == nil]++
		if err != nil {
			if !errors.Is(err, nats.ErrMaxSubscriptionsExceeded) {
				t.Errorf("limit %d: Start = %v, want nats.ErrMaxSubscriptionsExceeded", limit, err)
			}
			wants(t, err, "max_subscriptions")
		} else {
			c, err := rpcclient.New(connectTo(t, url), rpcclient.Config{Logger: quiet()})
			if err != nil {
				wants(t, err, "max_subscriptions")
			} else {
				for _, method := range []string{"add", "sub", "mul", "div"} {
					if err := c.Call(testContext(t), "math."+method, nil, 6, 3); err != nil {
						t.Errorf("limit %d: Start was fine and %s = %v, want nil", limit, method, err)
					}
				}
				c.Close()
			}
		}
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("limit %d: Shutdown = %v, want nil", limit, err)
		}
		reg.Close()
	}
	if ran[false] == 0 || ran[true] == 0 {
		t.Errorf("of the limits, %d were enough and %d not; want some of both", ran[true], ran[false])
	}
}

func TestAStreamThatCapturesTheBindersSubjectsIsNoBinder(t *testing.T) {
	for _, subjects := range []string{"helium.>", ">", "helium.binder.*.*"} {
		for _, with := range []string{"and no binder", "and a binder"} {
			t.Run(subjects+" "+with, func(t *testing.T) {
				w := newWorld(t, broker.Config{})
				if with == "and a binder" {
					w.startBinder(binder.Config{})
				}
				js, err := jetstream.New(w.conn())
				if err != nil {
					t.Fatal(err)
				}
				config := jetstream.StreamConfig{Name: "AUDIT", Subjects: []string{subjects}, Storage: jetstream.MemoryStorage, NoAck: subjects == ">"}
				if _, err := js.CreateStream(testContext(t), config); err != nil {
					if subjects == ">" || with == "and a binder" {
						return // NATS itself refuses, as the subjects overlap with its own or with the registry's
					}
					t.Fatal(err)
				}
				srv, _ := w.server(rpcserver.Config{})
				ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
				defer cancel()
				err = srv.Start(ctx)
				if config.NoAck {
					if err != nil && !errors.Is(err, helium.ErrNoBinderAnswer) {
						t.Errorf("Start = %v, want nil or ErrNoAnswer", err)
					}
					return
				}
				// Who answers first is a matter of luck while there is a binder, too.
				if err != nil || with == "and no binder" {
					if !errors.Is(err, helium.ErrNotBinder) {
						t.Fatalf("Start = %v, want ErrNotBinder", err)
					}
					wants(t, err, `"AUDIT"`, "stream")
				}
				registry, err := binder.NewClient(w.conn(), "")
				if err != nil {
					t.Fatal(err)
				}
				if with == "and a binder" {
					return
				}
				if _, err := registry.Renew(ctx, "probe", "i1"); !errors.Is(err, helium.ErrNotBinder) {
					t.Errorf("Renew = %v, want ErrNotBinder", err)
				}
				if err := registry.End(ctx, "probe", "i1"); !errors.Is(err, helium.ErrNotBinder) {
					t.Errorf("End = %v, want ErrNotBinder", err)
				}
				if subjects == "helium.>" {
					if _, err := registry.List(ctx); !errors.Is(err, helium.ErrNotBinder) {
						t.Errorf("List = %v, want ErrNotBinder", err)
					}
				}
				if _, err := registry.Lookup(ctx, "probe"); !errors.Is(err, helium.ErrNotBinder) {
					t.Errorf("Lookup = %v, want ErrNotBinder", err)
				}
			})
		}
	}
}

// lessor answers registrations and renewals as if it were a binder.
func (w *world) lessor(text string) (renewals *atomic.Int64) {
	w.t.Helper()
	renewals = new(atomic.Int64)
	nc := w.conn()
	if _, err := nc.Subscribe("helium.binder.>", func(m *nats.Msg) {
		if strings.HasPrefix(m.Subject, "helium.binder.renew.") {
			renewals.Add(1)
		}
		_ = m.Respond([]byte(text))
	}); err != nil {
		w.t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		w.t.Fatal(err)
	}
	return renewals
}

func TestALeaseThatIsNoneIsRefused(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"lease_ms":0}`, `{"lease_ms":-1}`, fmt.Sprintf(`{"lease_ms":%d}`, int64(math.MaxInt64)), fmt.Sprintf(`{"lease_ms":%d}`, int64(math.MinInt64)),
		`{"lease_ms":1e300}`, `{"lease_ms":"long"}`, `{"lease_ms":null}`, `[]`, `null`, `ok`, ``, `{"stream":"S","seq":7}`, `{"error":{"code":503},"stream":"S","seq":0}`,
	} {
		w := newWorld(t, broker.Config{})
		renewals := w.lessor(text)
		srv, _ := w.server(rpcserver.Config{})
		if err := srv.Start(testContext(t)); !errors.Is(err, helium.ErrNotBinder) {
			t.Errorf("a lease of %q: Start = %v, want ErrNotBinder", text, err)
		}
		if n := renewals.Load(); n != 0 {
			t.Errorf("a lease of %q: %d renewals, want none", text, n)
		}
	}
}

func TestAShortLeaseDoesNotMakeAServerFloodTheBus(t *testing.T) {
	w := newWorld(t, broker.Config{})
	renewals := w.lessor(`{"lease_ms":1}`)
	srv, _ := w.server(rpcserver.Config{})
	began := time.Now()
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it renews", func() bool { return renewals.Load() >= 3 })
	if n, most := renewals.Load(), int64(time.Since(began)/(100*time.Millisecond)); n > most {
		t.Errorf("%d renewals in %v, want at most %d", n, time.Since(began), most)
	}
}

func TestInboxesThatNobodyAnswersAreRefused(t *testing.T) {
	for prefix, fine := range map[string]bool{
		"acme": false, "_INBOXacme": false, "INBOX": false, "_inbox": false, "_IN.BOX": false, "_INBOX_acme": false, "_INBOX_a.b": false,
		"_INBOX": true, "_INBOX.acme": true, "_INBOX.a.b": true,
	} {
		w := newWorld(t, broker.Config{Listen: "127.0.0.1:0"})
		w.startBinder(binder.Config{})
		nc, err := nats.Connect(w.broker.URL(), nats.CustomInboxPrefix(prefix))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(nc.Close)
		_, fromBinder := binder.NewClient(nc, "")
		c, fromClient := rpcclient.New(nc, rpcclient.Config{Logger: quiet()})
		if fromClient == nil {
			c.Close()
		}
		srv := rpcserver.New(nc, rpcserver.Config{Logger: quiet()})
		if err := rpcserver.Register(srv, "math", mathsvc.New()); err != nil {
			t.Fatal(err)
		}
		fromServer := srv.Start(testContext(t))
		if err := srv.Shutdown(testContext(t)); err != nil {
			t.Errorf("%s: Shutdown = %v, want nil", prefix, err)
		}
		connect := func(config bus.Config) error {
			config.URL, config.Logger, config.Wait = w.broker.URL(), quiet(), true
			nc, err := bus.Connect(testContext(t), config)
			if err == nil {
				nc.Close()
			}
			return err
		}
		fromBus := connect(bus.Config{Options: []nats.Option{nats.CustomInboxPrefix(prefix)}})
		fromConfig := connect(bus.Config{InboxPrefix: prefix})
		for who, err := range map[string]error{"binder.NewClient": fromBinder, "rpcclient.New": fromClient, "Server.Start": fromServer, "bus.Connect with the option": fromBus, "bus.Connect": fromConfig} {
			if fine && err != nil {
				t.Errorf("%s with the inbox prefix %q = %v, want nil", who, prefix, err)
			}
			if !fine {
				wants(t, err, "_INBOX.")
			}
		}
	}
}
