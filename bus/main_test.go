package bus_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/leak"
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
	os.Exit(leak.Run(m))
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

// patience bounds what must happen soon. Only a failing test waits that long.
const patience = 30 * time.Second

// within waits for a condition that must come true soon.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v: got no change, want: %s", patience, what)
		}
	}
}

// attempt is Connect, again where time ran out: a busy machine may need more than the two
// seconds of a handshake, and then nothing is known of the answer.
func attempt(ctx context.Context, config bus.Config) (*nats.Conn, error) {
	for deadline := time.Now().Add(patience); ; {
		nc, err := bus.Connect(ctx, config)
		if err == nil || !ranOutOfTime.MatchString(err.Error()) || time.Now().After(deadline) {
			return nc, err
		}
	}
}

var ranOutOfTime = regexp.MustCompile(`(?i)handshake|timeout|no answer within|got 'PING'`)

func startBroker(t *testing.T, config broker.Config) *broker.Broker {
	t.Helper()
	config.Logger = quiet
	if config.Listen == "" {
		config.Listen = "127.0.0.1:0"
	}
	// Where one has just been closed its port can stand open for a moment, in the copy that
	// a child process gets of all that is open until it runs a program of its own.
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		b, err := broker.Start(t.Context(), config)
		if err == nil {
			t.Cleanup(b.Close)
			return b
		}
		if !strings.Contains(err.Error(), "in use") || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func connect(t *testing.T, config bus.Config) *nats.Conn {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet
	}
	nc, err := attempt(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// refused is Connect where it must fail; every wanted part must be in the error.
func refused(t *testing.T, ctx context.Context, config bus.Config, wants ...string) error {
	t.Helper()
	config.Logger = quiet
	nc, err := bus.Connect(ctx, config)
	return checkRefusal(t, nc, err, wants)
}

// answeredNo is refused where the error must be an answer, not that none came in time.
func answeredNo(t *testing.T, config bus.Config, wants ...string) error {
	t.Helper()
	config.Logger = quiet
	nc, err := attempt(t.Context(), config)
	return checkRefusal(t, nc, err, wants)
}

func checkRefusal(t *testing.T, nc *nats.Conn, err error, wants []string) error {
	t.Helper()
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
