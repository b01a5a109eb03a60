package bus_test

import (
	"bufio"
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

// childVariable makes the test binary a broker that a test can freeze.
const childVariable = "HELIUM_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		if err := serveAsChild(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// serveAsChild prints its broker's URL and serves until its input ends.
func serveAsChild() error {
	b, err := broker.Start(context.Background(), broker.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.URL())
	_, err = io.Copy(io.Discard, bufio.NewReader(os.Stdin))
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

func (l *logBuffer) count(part string) int { return strings.Count(l.String(), part) }

func newLog() (*slog.Logger, *logBuffer) {
	l := new(logBuffer)
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug})), l
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

func startBroker(t *testing.T, cfg broker.Config) *broker.Broker {
	t.Helper()
	cfg.Logger = quiet
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	b, err := broker.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func connect(t *testing.T, cfg bus.Config) *nats.Conn {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = quiet
	}
	nc, err := bus.Connect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// refused is Connect where it must fail; every wanted part must be in the error.
func refused(t *testing.T, ctx context.Context, cfg bus.Config, wants ...string) error {
	t.Helper()
	cfg.Logger = quiet
	nc, err := bus.Connect(ctx, cfg)
	if err == nil {
		nc.Close()
		t.Fatalf("got a connection, want an error with %q", wants)
	}
	for _, want := range wants {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got error %q, want %q in it", err, want)
		}
	}
	return err
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
