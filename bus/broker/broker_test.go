package broker_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/loopback"
)

func TestTheZeroConfigServesWithinTheProcessOnly(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{})
	if b.URL() != "" || b.ClusterURL() != "" {
		t.Errorf("got URL %q and cluster URL %q, want none: nothing listens", b.URL(), b.ClusterURL())
	}
	echo(t, inProcess(t, b), "echo")
	answer, err := inProcess(t, b).Request("echo", []byte("hi"), patience)
	if err != nil || string(answer.Data) != "hi" {
		t.Errorf("got %v, %v; want hi", answer, err)
	}
}

func TestJetStreamServesAsSoonAsStartReturns(t *testing.T) {
	t.Parallel()
	js := jetStream(t, inProcess(t, start(t, broker.Config{})))
	for _, storage := range []nats.StorageType{nats.MemoryStorage, nats.FileStorage} {
		kv, err := js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "bucket-" + storage.String(), Storage: storage})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kv.PutString("key", "value"); err != nil {
			t.Fatal(err)
		}
		if entry, err := kv.Get("key"); err != nil || string(entry.Value()) != "value" {
			t.Errorf("%v: got %v, %v; want value", storage, entry, err)
		}
	}
}

func TestPort0TakesAFreeOneAndURLTellsWhich(t *testing.T) {
	t.Parallel()
	a := start(t, broker.Config{Listen: "127.0.0.1:0"})
	b := start(t, broker.Config{Listen: "localhost:0"})
	if a.URL() == b.URL() || strings.HasSuffix(a.URL(), ":0") || !strings.HasPrefix(b.URL(), "nats://localhost:") {
		t.Errorf("got URLs %s and %s, want two ports, and the host as configured", a.URL(), b.URL())
	}
	echo(t, inProcess(t, a), "echo")
	answer, err := dial(t, bus.Config{URL: a.URL()}).Request("echo", []byte("hi"), patience)
	if err != nil || string(answer.Data) != "hi" {
		t.Errorf("got %v, %v; want hi", answer, err)
	}
	dial(t, bus.Config{URL: b.URL()})
}

func TestConnectionsWithinTheProcessKeepTheRulesOfTheBus(t *testing.T) {
	t.Parallel()
	nc, err := start(t, broker.Config{}).Connect("math-server", nats.NoEcho())
	if err != nil {
		t.Fatal(err)
	}
	o := nc.Opts
	if o.Name != "math-server" || o.MaxReconnect != -1 || o.ReconnectBufSize != -1 || o.PingInterval != 2*time.Second || !o.NoEcho {
		t.Errorf("got name %q, %d reconnects, a buffer of %d, pings each %v, no echo %v; want math-server, -1, -1, 2s, true",
			o.Name, o.MaxReconnect, o.ReconnectBufSize, o.PingInterval, o.NoEcho)
	}
}

func TestCloseEndsConnectionsAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	b := start(t, broker.Config{Listen: "127.0.0.1:0"})
	nc := inProcess(t, b)
	var closers sync.WaitGroup
	for range 4 {
		closers.Go(func() {
			b.Close()
			if !nc.IsClosed() {
				t.Error("got an open connection after Close, want it closed")
			}
		})
	}
	closers.Wait()
	b.Close()
	if _, err := b.Connect("late"); !errors.Is(err, broker.ErrClosed) {
		t.Errorf("got %v, want broker.ErrClosed", err)
	}
	if nc, err := bus.Connect(t.Context(), bus.Config{URL: b.URL(), Logger: quiet}); err == nil {
		defer nc.Close()
		if nc.ConnectedServerName() == b.Name() { // the port is free for others
			t.Error("got a connection after Close, want an error")
		}
	}
}

func TestATemporaryDirectoryIsGoneAfterClose(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp) // Unix
	t.Setenv("TMP", temp)    // Windows
	b := start(t, broker.Config{})
	if _, err := jetStream(t, inProcess(t, b)).AddStream(&nats.StreamConfig{Name: "S", Subjects: []string{"s"}}); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, temp); len(got) != 1 {
		t.Errorf("got %q while it runs, want one directory", got)
	}
	b.Close()
	if got := entries(t, temp); len(got) != 0 {
		t.Errorf("got %q after Close, want nothing", got)
	}
}

func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

func TestARestartOnTheSameDirAndPortKeepsDataAndClients(t *testing.T) {
	t.Parallel()
	config := broker.Config{Listen: loopback.UnusedAddress(t), Dir: dataDir(t) + "/made/when/needed"}
	b := start(t, config)
	nc := dial(t, bus.Config{URL: b.URL()})
	kv, err := jetStream(t, nc).CreateKeyValue(&nats.KeyValueConfig{Bucket: "registry"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.PutString("math", "here"); err != nil {
		t.Fatal(err)
	}
	b.Close()
	again := start(t, config)
	if again.URL() != b.URL() {
		t.Errorf("got URL %s, want %s", again.URL(), b.URL())
	}
	within(t, "the client connected again", func() bool { return nc.Stats().Reconnects >= 1 && nc.IsConnected() })
	if entry, err := kv.Get("math"); err != nil || string(entry.Value()) != "here" {
		t.Errorf("got %v, %v; want here", entry, err)
	}
}

func TestMaxPayloadLimitsMessages(t *testing.T) {
	t.Parallel()
	if got := inProcess(t, start(t, broker.Config{})).MaxPayload(); got != 1<<20 {
		t.Errorf("got %d by default, want 1 MiB", got)
	}
	nc := inProcess(t, start(t, broker.Config{MaxPayload: 1000}))
	if err := nc.Publish("s", make([]byte, 1001)); !errors.Is(err, nats.ErrMaxPayload) {
		t.Errorf("got %v, want nats.ErrMaxPayload", err)
	}
	if err := nc.Publish("s", make([]byte, 1000)); err != nil {
		t.Errorf("got %v for a message that fits, want nil", err)
	}
}

func TestMemoryAndStorageAreLimited(t *testing.T) {
	t.Parallel()
	js := jetStream(t, inProcess(t, start(t, broker.Config{MaxMemory: 1 << 20, MaxStorage: 2 << 20})))
	for storage, limit := range map[nats.StorageType]int64{nats.MemoryStorage: 1 << 20, nats.FileStorage: 2 << 20} {
		add := func(bytes int64) error {
			_, err := js.AddStream(&nats.StreamConfig{Name: storage.String(), Storage: storage, MaxBytes: bytes})
			return err
		}
		if err := add(limit + 1); err == nil {
			t.Errorf("%v: got a stream of %d bytes, want it refused", storage, limit+1)
		}
		if err := add(limit); err != nil {
			t.Errorf("%v: got %v for a stream that fits, want nil", storage, err)
		}
	}
}

func TestAnEndedContextStartsNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b, err := broker.Start(ctx, broker.Config{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v; want context.Canceled", b, err)
	}
	if got := entries(t, temp); len(got) != 0 {
		t.Errorf("got %q left behind, want nothing", got)
	}
}

func TestTheServersLogGoesToTheLoggerAndNormalLifeIsNoNews(t *testing.T) {
	t.Parallel()
	log := new(logBuffer)
	warnings := slog.New(slog.NewTextHandler(log, nil))
	b := start(t, broker.Config{Listen: "127.0.0.1:0", Logger: warnings, Token: "secret"})
	inProcess(t, b)
	dial(t, bus.Config{URL: b.URL(), Token: "secret"}).Close()
	b.Close()
	if got := log.news(); got != "" {
		t.Errorf("got the log\n%swant none", got)
	}
	debug := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	start(t, broker.Config{Logger: debug}).Close()
	if got := log.String(); !strings.Contains(got, "nats-server: ") || strings.Contains(got, "level=INFO") {
		t.Errorf("got the log\n%swant the server's, at debug level", got)
	}
}
