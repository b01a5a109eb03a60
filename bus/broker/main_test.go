package broker_test

import (
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
	os.Exit(leak.Run(m))
}

// joinAsChild prints a line once its client answers, and lasts until its input ends.
func joinAsChild() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	b, err := broker.Start(ctx, broker.Config{Name: "child", Logger: quiet, Cluster: &broker.Cluster{Routes: []string{os.Getenv(childRoute)}}})
	if err != nil {
		return err
	}
	defer b.Close()
	nc, err := bus.Connect(ctx, bus.Config{URL: os.Getenv(childServer), Wait: true, Logger: quiet})
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

// news is the log without lines that only say how busy the machine is.
func (l *logBuffer) news() string {
	var news strings.Builder
	for line := range strings.Lines(l.String()) {
		if !busy.MatchString(line) {
			news.WriteString(line)
		}
	}
	return news.String()
}

var busy = regexp.MustCompile(`processing time: |took too long: `)

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

func start(t *testing.T, config broker.Config) *broker.Broker {
	t.Helper()
	if config.Logger == nil {
		config.Logger = quiet
	}
	// Where one has just been closed its port can stand open for a moment, in the copy that
	// a child process gets of all that is open until it runs a program of its own.
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		b, err := broker.Start(t.Context(), config)
		if err == nil {
			t.Cleanup(b.Close)
			return b
		}
		if !strings.Contains(err.Error(), "in use:") || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// dataDir is t.TempDir for a broker's data: the last goroutines of a server's store may
// still write after it is closed.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "helium-broker-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { within(t, "a directory that can be removed", func() bool { return os.RemoveAll(dir) == nil }) })
	return dir
}

// refused is Start where it must fail, promptly; every wanted part must be in the error.
func refused(t *testing.T, config broker.Config, wants ...string) error {
	t.Helper()
	config.Logger = quiet
	began := time.Now()
	b, err := broker.Start(t.Context(), config)
	if err == nil {
		b.Close()
		t.Fatalf("got a broker, want an error with %q", wants)
	}
	if took := time.Since(began); took > 8*time.Second { // Start itself may wait for 10 s
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
func dial(t *testing.T, config bus.Config) *nats.Conn {
	t.Helper()
	config.Logger = quiet
	nc, err := attempt(t.Context(), config)
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

func jetStream(t *testing.T, nc *nats.Conn, options ...nats.JSOpt) nats.JetStreamContext {
	t.Helper()
	js, err := nc.JetStream(append([]nats.JSOpt{nats.MaxWait(patience)}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	return js
}
