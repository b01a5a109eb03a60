package binder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

// startBehind starts a broker that can be reached through a proxy.
func startBehind(t *testing.T, d *loopback.Proxy, config broker.Config) *broker.Broker {
	t.Helper()
	config.Listen = "127.0.0.1:0"
	b := startBroker(t, config)
	d.Forward(strings.TrimPrefix(b.URL(), "nats://"))
	return b
}

// dial connects over the network, and comes back after a restart.
func dial(t *testing.T, url string) *nats.Conn {
	t.Helper()
	var nc *nats.Conn
	eventually(t, "connected", func() (err error) {
		nc, err = nats.Connect(url, nats.Timeout(patience), nats.MaxReconnects(-1), nats.ReconnectWait(20*time.Millisecond), nats.ReconnectBufSize(-1),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})) // its default prints
		return err
	})
	t.Cleanup(nc.Close)
	return nc
}

// keep does what a server does: it registers, renews, and registers again when it is
// told that nobody knows it.
func keep(t *testing.T, c *Client, r Record, every time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { cancel(); running.Wait() })
	if _, err := c.Register(ctx, r); err != nil {
		t.Fatalf("register %v: %v", r, err)
	}
	running.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if _, err := c.Renew(ctx, r.Service, r.Instance); errors.Is(err, helium.ErrUnknownInstance) {
				_, _ = c.Register(ctx, r) // the next renewal sees whether it worked
			}
		}
	})
}

// inBucket returns an error unless the bucket itself holds a key.
func inBucket(nc *nats.Conn, key string) func() error {
	return func() error {
		js, err := jetstream.New(nc)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		kv, err := js.KeyValue(ctx, "helium_registry")
		if err != nil {
			return err
		}
		_, err = kv.Get(ctx, key)
		return err
	}
}

func TestAWipedBucketHealsAndNoLookupFails(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{})
	keep(t, c, record("math", "i1", "add"), 200*time.Millisecond)
	nc := connect(t, b)
	for range 200 { // so that a bucket that counts from 1 is far behind
		register(t, c, record("stats", "i1", "mean"))
	}
	last := uint64(0)
	for range 3 {
		if err := streams(t, nc).DeleteStream(t.Context(), "KV_helium_registry"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the record is back in the bucket", func() error {
			e, err := c.Lookup(t.Context(), "math")
			if err != nil {
				t.Fatalf("Lookup in between: %v", err)
			}
			if e.Revision < last {
				t.Fatalf("the revision went back from %d to %d", last, e.Revision)
			}
			last = e.Revision
			return inBucket(nc, "math.i1")()
		})
	}
}

func TestAfterAWipeWhoDoesntComeBackIsDroppedAfterALease(t *testing.T) {
	t.Parallel()
	b, _, c := world(t, Config{Lease: time.Second})
	var told events
	stop, err := c.Watch("", told.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	register(t, c, record("math", "dead", "add"))
	if err := streams(t, connect(t, b)).DeleteStream(t.Context(), "KV_helium_registry"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the dead instance is dropped", func() error {
		if _, err := c.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrUnknownService) {
			return fmt.Errorf("Lookup: got %v, want %v", err, helium.ErrUnknownService)
		}
		return nil
	})
	eventually(t, "that is told", told.is("registered math/dead;expired math/dead;"))
}

func TestARestartOfTheBrokerLosesNoRegistration(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]struct {
		dir    bool
		memory bool
	}{
		"files":                 {dir: true},
		"memory":                {memory: true},
		"a directory that went": {},
	} {
		t.Run(name, func(t *testing.T) {
			var settings broker.Config
			if config.dir {
				settings.Dir = t.TempDir()
			}
			proxy := loopback.NewProxy(t)
			url := proxy.URL()
			first := startBehind(t, proxy, settings)
			startBinder(t, dial(t, url), Config{Memory: config.memory})
			nc := dial(t, url)
			c := newClient(t, nc)
			keep(t, newClient(t, dial(t, url)), record("math", "i1", "add"), 200*time.Millisecond)

			proxy.Forward("")
			first.Close()
			startBehind(t, proxy, settings)
			eventually(t, "the binder answers again", func() error {
				_, err := c.Lookup(t.Context(), "math")
				if errors.Is(err, helium.ErrUnknownService) {
					t.Fatalf("the restart emptied the registry: %v", err)
				}
				return err
			})
			eventually(t, "the record is in the bucket", func() error {
				if _, err := c.Lookup(t.Context(), "math"); errors.Is(err, helium.ErrUnknownService) {
					t.Fatalf("the restart emptied the registry: %v", err)
				}
				return inBucket(nc, "math.i1")()
			})
			register(t, c, record("stats", "i2", "mean"))
			if records, err := c.List(t.Context()); err != nil || instances(records) != "[math/i1 stats/i2]" {
				t.Errorf("List = %v, %v; want [math/i1 stats/i2]", instances(records), err)
			}
		})
	}
}

func TestAnOutageLongerThanTheLeaseEmptiesNothing(t *testing.T) {
	t.Parallel()
	const lease = 4 * time.Second // a machine may stand still for much of it
	settings := broker.Config{Dir: t.TempDir()}
	proxy := loopback.NewProxy(t)
	url := proxy.URL()
	first := startBehind(t, proxy, settings)
	startBinder(t, dial(t, url), Config{Lease: lease})
	c := newClient(t, dial(t, url))
	register(t, c, record("math", "i1", "add"))
	proxy.Forward("")
	first.Close()
	expired := time.After(lease + lease/8) // it runs out while nobody could renew
	<-expired
	startBehind(t, proxy, settings)
	eventually(t, "the binder answers again", func() error {
		_, err := c.Renew(t.Context(), "math", "i1")
		if err == nil || errors.Is(err, helium.ErrUnknownInstance) {
			return nil
		}
		return err
	})
	if _, err := c.Lookup(t.Context(), "math"); err != nil {
		t.Errorf("Lookup right after the outage: %v", err)
	}
	register(t, c, record("math", "i1", "add"))
	if e, err := c.Lookup(t.Context(), "math"); err != nil || len(e.Records) != 1 {
		t.Errorf("Lookup after it registered again: %+v, %v", e, err)
	}
}

func TestWithoutJetStreamStartSaysHowToEnableIt(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server doesn't come up")
	}
	nc := dial(t, s.ClientURL())
	began := time.Now()
	_, err = Start(t.Context(), nc, Config{Logger: quiet()})
	if !errors.Is(err, helium.ErrNoJetStream) || !strings.Contains(err.Error(), "jetstream {}") || !strings.Contains(err.Error(), "nats-server -js") {
		t.Errorf("got %v, want %v and how to enable it", err, helium.ErrNoJetStream)
	}
	if took := time.Since(began); took > startTimeout-2*time.Second {
		t.Errorf("it took %v to find out, want a moment", took)
	}
}

func TestABucketThatIsThereKeepsItsLeaseAndGetsWhatItLacks(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	// Made by hand, without markers: its watchers would never see an expiry.
	if _, err := js.CreateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: "helium_registry", TTL: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	startBinder(t, nc, Config{Lease: 10 * time.Second})
	c := newClient(t, nc)
	lease, err := c.Register(t.Context(), record("math", "i1", "add"))
	if err != nil || lease != 2*time.Second {
		t.Errorf("Register = %v, %v; want the bucket's own 2s", lease, err)
	}
	eventually(t, "the record expires", func() error {
		if _, err := c.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrUnknownService) {
			return fmt.Errorf("Lookup: got %v, want %v", err, helium.ErrUnknownService)
		}
		return nil
	})
}

func TestTwoPrefixesDontShareABucketByAccident(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	startBinder(t, nc, Config{Prefix: "shop.eu"})
	if _, err := Start(t.Context(), nc, Config{Prefix: "shop_eu", Logger: quiet()}); err == nil || !strings.Contains(err.Error(), `"shop.eu"`) {
		t.Errorf("got %v, want an error that names shop.eu", err)
	}
	c, err := NewClient(nc, "shop.eu")
	if err != nil {
		t.Fatal(err)
	}
	register(t, c, record("math", "i1", "add"))
	if _, err := newClient(t, nc).Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrNoBinder) {
		t.Errorf("Lookup under another prefix: got %v, want %v", err, helium.ErrNoBinder)
	}
}

// lines is a log's lines.
type lines struct {
	mu  sync.Mutex
	all []string // guarded by mu
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, string(p))
	return len(p), nil
}

func (l *lines) count(parts ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
next:
	for _, line := range l.all {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue next
			}
		}
		n++
	}
	return n
}

func TestEachRegistrationAndDepartureIsLoggedOnce(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	var log lines
	for range 3 {
		startBinder(t, connect(t, b), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	}
	c := newClient(t, connect(t, b))
	register(t, c, record("math", "i1", "add"))
	for range 5 {
		if _, err := c.Renew(t.Context(), "math", "i1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.End(t.Context(), "math", "i1"); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"msg=registered", "msg=ended"} {
		if got := log.count(what, "service=math", "instance=i1", "version=1.0.0"); got != 1 {
			t.Errorf("%s: logged %d times, want once", what, got)
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "")
}
