package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/goleak"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

// The test binary becomes a cluster member with a client, for a test to freeze, when
// these name the routes and the server of the client.
const (
	childRoute  = "HELIUM_TEST_ROUTE"
	childServer = "HELIUM_TEST_SERVER"
)

func TestMain(m *testing.M) {
	if os.Getenv(childRoute) != "" {
		if err := joinAsChild(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// joinAsChild prints a line once its client answers, and lasts until its input ends.
func joinAsChild() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	b, err := broker.Start(ctx, broker.Config{Name: "child", Logger: quiet, Cluster: &broker.Cluster{Routes: []string{os.Getenv(childRoute)}}})
	if err != nil {
		return err
	}
	defer b.Close()
	nc, err := bus.Connect(ctx, bus.Config{URL: os.Getenv(childServer), Logger: quiet})
	if err != nil {
		return err
	}
	defer nc.Close()
	if _, err := nc.Subscribe("echo", func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		return err
	}
	if err := nc.Flush(); err != nil {
		return err
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// logBuffer collects a log that is written and read at the same time.
type logBuffer struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// quiet is for parts whose log doesn't matter to a test.
var quiet = slog.New(slog.DiscardHandler)

// within waits for a condition that must come true soon.
func within(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: got no change, want: %s", limit, what)
		}
	}
}

func start(t *testing.T, cfg broker.Config) *broker.Broker {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	b, err := broker.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// refused is Start where it must fail, promptly; every wanted part must be in the error.
func refused(t *testing.T, cfg broker.Config, wants ...string) error {
	t.Helper()
	cfg.Logger = quiet
	began := time.Now()
	b, err := broker.Start(t.Context(), cfg)
	if err == nil {
		b.Close()
		t.Fatalf("got a broker, want an error with %q", wants)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v to refuse, want no wait", took)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want %q in it", err, want)
		}
	}
	return err
}

func inProcess(t *testing.T, b *broker.Broker) *nats.Conn {
	t.Helper()
	nc, err := b.Connect(t.Name())
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// dial connects over the network.
func dial(t *testing.T, cfg bus.Config) *nats.Conn {
	t.Helper()
	cfg.Logger = quiet
	nc, err := bus.Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// echo answers on the subject with what it got.
func echo(t *testing.T, nc *nats.Conn, subject string) {
	t.Helper()
	if _, err := nc.Subscribe(subject, func(m *nats.Msg) { m.Respond(m.Data) }); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

func jetStream(t *testing.T, nc *nats.Conn) nats.JetStreamContext {
	t.Helper()
	js, err := nc.JetStream(nats.MaxWait(10 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// unusedAddress is one where nobody listens, below the ports that the system hands
// out: nobody takes it by chance while a test has it closed.
func unusedAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000)))
		if err == nil {
			defer l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("got no unused port in 100 tries")
	return ""
}
