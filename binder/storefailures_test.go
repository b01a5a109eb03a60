package binder

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

// configured starts a NATS server of a configuration file, with JetStream, and returns its
// address.
func configured(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	opts, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	opts.Host, opts.Port, opts.NoLog, opts.NoSigs = "127.0.0.1", -1, true, true
	opts.JetStream, opts.StoreDir = true, t.TempDir()
	s, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server doesn't come up")
	}
	return s.ClientURL()
}

// account is a configuration whose users "binder" and "maker" belong to an account with
// limits.
func account(limits string) string { return accountOf(limits, "") }

// mayNot is one whose binder may not publish or subscribe to something.
func mayNot(what, subject string) string {
	return accountOf("enabled", `, permissions: { `+what+`: { deny: "`+subject+`" } }`)
}

func accountOf(limits, permissions string) string {
	return `accounts { A { jetstream: ` + limits + `, users: [ {user: maker, password: secret}, {user: binder, password: secret` + permissions + `} ] } }`
}

func streams(t testing.TB, nc *nats.Conn) jetstream.JetStream {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// editBucket edits the registry's bucket, as an operator does.
func editBucket(t *testing.T, js jetstream.JetStream, how func(*jetstream.StreamConfig)) {
	t.Helper()
	s, err := js.Stream(t.Context(), "KV_helium_registry")
	if err != nil {
		t.Fatal(err)
	}
	c := s.CachedInfo().Config
	how(&c)
	if _, err := js.UpdateStream(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestWhatJetStreamRefusesForGoodIsToldAtOnceWithWhatToChange(t *testing.T) {
	t.Parallel()
	add := func(c jetstream.StreamConfig) func(*testing.T, jetstream.JetStream) {
		return func(t *testing.T, js jetstream.JetStream) {
			if _, err := js.CreateStream(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	bucket := func(change func(*jetstream.StreamConfig)) func(*testing.T, jetstream.JetStream) {
		c := jetstream.StreamConfig{Name: "KV_helium_registry", Subjects: []string{"$KV.helium_registry.>"}, MaxMsgsPerSubject: 1, AllowRollup: true, AllowDirect: true}
		change(&c)
		return add(c)
	}
	for name, test := range map[string]struct {
		server string
		before func(*testing.T, jetstream.JetStream)
		config Config
		is     error
		says   []string
	}{
		"too many streams":            {account(`{max_streams: 1}`), add(jetstream.StreamConfig{Name: "OTHER"}), Config{}, helium.ErrStoreRefused, []string{"maximum number of streams", "raise max_streams"}},
		"no stream allowed in files":  {account(`{max_mem: 10MB, max_file: 0}`), nil, Config{}, helium.ErrStoreRefused, []string{"max_file"}},
		"no stream allowed in memory": {account(`{max_mem: 0, max_file: 10MB}`), nil, Config{Memory: true}, helium.ErrStoreRefused, []string{"max_mem"}},
		"no consumer allowed": {account(`{max_consumers: 1}`), func(t *testing.T, js jetstream.JetStream) {
			bucket(func(*jetstream.StreamConfig) {})(t, js)
			if _, err := js.CreateConsumer(t.Context(), "KV_helium_registry", jetstream.ConsumerConfig{Durable: "other"}); err != nil {
				t.Fatal(err)
			}
		}, Config{}, helium.ErrStoreRefused, []string{"maximum consumers", "raise max_consumers"}},
		"every stream needs a size": {account(`{max_mem: 10MB, max_file: 10MB, max_bytes_required: true}`), nil, Config{}, helium.ErrStoreRefused, []string{"max bytes", "nats kv add helium_registry"}},
		"JetStream isn't for the account": {`accounts { A { users: [ {user: binder, password: secret} ] }, B { jetstream: enabled } }`, nil, Config{},
			helium.ErrNoJetStream, []string{"account's configuration"}},
		"a server that stands alone":        {account(`enabled`), nil, Config{Replicas: 3}, helium.ErrStoreRefused, []string{"stands alone", "Config.Replicas is 3", "set Config.Replicas to 1"}},
		"one with a bucket already":         {account(`enabled`), bucket(func(c *jetstream.StreamConfig) {}), Config{Replicas: 3}, helium.ErrStoreRefused, []string{"stands alone", "set Config.Replicas to 1"}},
		"another stream takes the subjects": {account(`enabled`), add(jetstream.StreamConfig{Name: "ALL", Subjects: []string{"$KV.>"}}), Config{}, helium.ErrStoreRefused, []string{"another stream captures $KV.helium_registry.>"}},
		"the bucket is sealed": {account(`enabled`), func(t *testing.T, js jetstream.JetStream) {
			bucket(func(*jetstream.StreamConfig) {})(t, js)
			editBucket(t, js, func(c *jetstream.StreamConfig) { c.Sealed = true })
		}, Config{}, helium.ErrStoreRefused, []string{"is sealed", "nats kv del helium_registry"}},
		"the bucket has other subjects":        {account(`enabled`), bucket(func(c *jetstream.StreamConfig) { c.Subjects = []string{"elsewhere"} }), Config{}, helium.ErrStoreRefused, []string{"takes no records", "nats stream rm"}},
		"the user may not make the bucket":     {mayNot("publish", "$JS.API.STREAM.CREATE.>"), nil, Config{}, helium.ErrStoreRefused, []string{"may not publish to $JS.API.STREAM.CREATE.KV_helium_registry", "allow it"}},
		"the user may not look at the bucket":  {mayNot("publish", "$JS.API.STREAM.INFO.>"), nil, Config{}, helium.ErrStoreRefused, []string{"may not publish to $JS.API.STREAM.INFO.KV_helium_registry"}},
		"the user may not watch the bucket":    {mayNot("publish", "$JS.API.CONSUMER.CREATE.>"), nil, Config{}, helium.ErrStoreRefused, []string{"may not publish to $JS.API.CONSUMER.CREATE.KV_helium_registry"}},
		"the user may not change the bucket":   {mayNot("publish", "$JS.API.STREAM.UPDATE.>"), bucket(func(c *jetstream.StreamConfig) {}), Config{}, helium.ErrStoreRefused, []string{"may not publish to $JS.API.STREAM.UPDATE.KV_helium_registry"}},
		"the user may not receive its answers": {mayNot("subscribe", "_INBOX.>"), nil, Config{}, helium.ErrStoreRefused, []string{"may not receive answers"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := configured(t, test.server)
			address := strings.TrimPrefix(url, "nats://")
			if test.before != nil {
				test.before(t, streams(t, dial(t, "nats://maker:secret@"+address)))
			}
			test.config.Logger = quiet()
			reg, err := Start(testContext(t), dial(t, "nats://binder:secret@"+address), test.config)
			if err == nil {
				reg.Close()
			}
			if !errors.Is(err, test.is) || errors.Is(err, helium.ErrStoreUnavailable) || strings.Contains(fmt.Sprint(err), "can't be reached") {
				t.Fatalf("got %v, want %v", err, test.is)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("got %v, want %q in it", err, says)
				}
			}
		})
	}
}

func TestAStoreThatIsFullIsToldOfAtOnceAndItsEndToo(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]struct {
		small, large func(*jetstream.StreamConfig)
		says         string
	}{
		"bytes":   {func(c *jetstream.StreamConfig) { c.MaxBytes = 2000 }, func(c *jetstream.StreamConfig) { c.MaxBytes = -1 }, "--max-bytes -1"},
		"records": {func(c *jetstream.StreamConfig) { c.MaxMsgs = 2 }, func(c *jetstream.StreamConfig) { c.MaxMsgs = -1 }, "--max-msgs -1"},
		"size":    {func(c *jetstream.StreamConfig) { c.MaxMsgSize = 300 }, func(c *jetstream.StreamConfig) { c.MaxMsgSize = -1 }, "--max-msg-size -1"},
		"seal":    {func(c *jetstream.StreamConfig) { c.Sealed = true }, nil, "is sealed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startBroker(t, broker.Config{})
			js := streams(t, connect(t, b))
			var log lines
			startBinder(t, connect(t, b), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
			c := newClient(t, connect(t, b))
			register(t, c, record("math", "i1", "add"))
			editBucket(t, js, limit.small)
			large := func(i int) Record {
				r := record("math", fmt.Sprintf("large%d", i), "add")
				r.Metadata = map[string]string{"text": strings.Repeat("x", 500)}
				return r
			}
			err := refusedForCertain(t, func(nth int) error { _, err := c.Register(testContext(t), large(nth)); return err })
			if !errors.Is(err, helium.ErrStoreRefused) || !strings.Contains(err.Error(), limit.says) {
				t.Fatalf("got %v, want %v that says %s", err, helium.ErrStoreRefused, limit.says)
			}
			_, _ = c.Renew(testContext(t), "math", "i1") // which may work, and is no news
			if _, err := c.Register(testContext(t), large(99)); !errors.Is(err, helium.ErrStoreRefused) {
				t.Fatalf("got %v once more, want %v", err, helium.ErrStoreRefused)
			}
			if n := log.count("refuses records"); n != 1 {
				t.Errorf("that the store refuses records was logged %d times, want once", n)
			}
			if _, err := c.Lookup(t.Context(), "math"); err != nil {
				t.Errorf("Lookup meanwhile: %v", err)
			}
			if limit.large == nil {
				return
			}
			editBucket(t, js, limit.large)
			for i := range 2 {
				register(t, c, large(i))
			}
			eventually(t, "that the store takes records again is logged once", func() error {
				if n := log.count("takes records again"); n != 1 {
					return fmt.Errorf("it was logged %d times", n)
				}
				return nil
			})
		})
	}
}

func TestARegistrationThatIsRepeatedIsNoSignThatAFullStoreTakesRecords(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	js, nc := streams(t, connect(t, b)), connect(t, b)
	var log lines
	startBinder(t, connect(t, b), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	one := record("math", "i1", "add")
	body, err := one.encode()
	if err != nil {
		t.Fatal(err)
	}
	ask := func() {
		t.Helper()
		var reply leaseReply
		m := &nats.Msg{Subject: "helium.binder.register.math", Header: nats.Header{requestHeader: {"the-only-one"}}, Data: body}
		answer, err := nc.RequestMsgWithContext(testContext(t), m)
		if err != nil {
			t.Fatal(err)
		}
		if e := readAnswer(answer, m.Subject, &reply); e != nil {
			t.Fatal(e)
		}
	}
	ask()
	editBucket(t, js, func(c *jetstream.StreamConfig) { c.MaxMsgs = 1 })
	if _, err := newClient(t, nc).Register(testContext(t), record("math", "i2", "add")); !errors.Is(err, helium.ErrStoreRefused) {
		t.Fatalf("got %v, want %v", err, helium.ErrStoreRefused)
	}
	ask()
	if began, over := log.count("refuses records"), log.count("takes records again"); began != 1 || over != 0 {
		t.Errorf("that the store refuses records was logged %d times, and %d times that it takes them again; want once and never", began, over)
	}
}

func TestABucketThatCantBeMadeAgainIsWhatWritesAreToldOf(t *testing.T) {
	t.Parallel()
	address := strings.TrimPrefix(configured(t, account(`{max_streams: 1}`)), "nats://")
	nc := dial(t, "nats://binder:secret@"+address)
	startBinder(t, nc, Config{})
	js := streams(t, nc)
	// Whoever is quicker: the binder has it back, or somebody else takes the place.
	eventually(t, "somebody else has the only place", func() error {
		if err := js.DeleteStream(t.Context(), "KV_helium_registry"); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return err
		}
		_, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "OTHER"})
		return err
	})
	c := newClient(t, nc)
	eventually(t, "the refusal's cause reaches who registers", func() error {
		_, err := c.Register(testContext(t), record("math", "i1", "add"))
		if !errors.Is(err, helium.ErrStoreRefused) || !strings.Contains(err.Error(), "raise max_streams") {
			return fmt.Errorf("got %v, want %v", err, helium.ErrStoreRefused)
		}
		return nil
	})
	if err := js.DeleteStream(t.Context(), "OTHER"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "with a place for it the bucket is there again", func() error {
		_, err := c.Register(testContext(t), record("math", "i1", "add"))
		return err
	})
}

func TestThatTheStoreIsOutOfReachAndBackIsLoggedOnceEach(t *testing.T) {
	t.Parallel()
	proxy := loopback.NewProxy(t)
	settings := broker.Config{Dir: t.TempDir()}
	b := startBehind(t, proxy, settings)
	var log lines
	startBinder(t, dial(t, proxy.URL()), Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	logged := func(words string, want int) {
		t.Helper()
		eventually(t, words, func() error {
			if n := log.count("level=WARN", words); n != want {
				return fmt.Errorf("logged %d times, want %d: %q", n, want, log.String())
			}
			return nil
		})
	}
	for round := 1; round <= 2; round++ {
		logged("is back", round-1)
		proxy.Forward("")
		b.Close()
		logged("out of reach", round)
		b = startBehind(t, proxy, settings)
		logged("is back", round)
		logged("out of reach", round)
	}
}

func TestAServerWhoseMessagesAreTooSmallForARegistryIsToldAtOnce(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{64, 200, 400} {
		b := startBroker(t, broker.Config{MaxPayload: limit})
		_, err := Start(testContext(t), connect(t, b), Config{Memory: true, Logger: quiet()}) // two minutes
		if !errors.Is(err, helium.ErrStoreRefused) || !strings.Contains(err.Error(), "max_payload") || !strings.Contains(err.Error(), fmt.Sprint(limit)) {
			t.Errorf("max_payload %d: Start = %v, want helium.ErrStoreRefused, and max_payload named", limit, err)
		}
	}
}
