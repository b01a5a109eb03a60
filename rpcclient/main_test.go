package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/leak"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// patience bounds what is expected to happen soon; only a failing test waits for it.
const patience = 20 * time.Second

// soon is what a noisy machine needs for what takes milliseconds. It is well below all
// timeouts, so that failing at one isn't taken for failing at once.
const soon = 8 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// eventually polls a condition that says what is wrong, until nothing is.
func eventually(t testing.TB, wrong func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for err := wrong(); err != nil; err = wrong() {
		if time.Now().After(deadline) {
			t.Fatalf("still so after %v: %v", patience, err)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// within returns a value that comes soon.
func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("got no %s within %v", what, patience)
		panic("unreachable")
	}
}

// wantError checks what a program can see of an error.
func wantError(t testing.TB, err error, want *helium.Error, outcome helium.Outcome) {
	t.Helper()
	if !errors.Is(err, want) || helium.OutcomeOf(err) != outcome {
		t.Fatalf("error = %v (%v, %v), want %q, %v", err, helium.CodeOf(err), helium.OutcomeOf(err), want.Reason, outcome)
	}
}

// inTime checks that something was known at once and not at some deadline.
func inTime(t testing.TB, began time.Time, what string) {
	t.Helper()
	if took := time.Since(began); took > soon {
		t.Errorf("%s took %v, want milliseconds", what, took)
	}
}

// subscribe makes sure that the subscription is there when it returns.
func subscribe(t testing.TB, nc *nats.Conn, subject string, handle nats.MsgHandler) {
	t.Helper()
	if _, err := nc.Subscribe(subject, handle); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}

// statsAre polls the client's counts until they are as wanted.
func statsAre(t testing.TB, c *rpcclient.Client, wrong func(rpcclient.Stats) error) {
	t.Helper()
	eventually(t, func() error { return wrong(c.Stats()) })
}

// gate is a service whose method runs until the test says so.
type gate struct {
	entered chan context.Context // gets each call's context, which knows the call's number
	leave   chan struct{}        // closed, or fed once for each call that may return
}

func newGate() *gate {
	return &gate{entered: make(chan context.Context, 10_000), leave: make(chan struct{})}
}

// Pass returns what it got once the gate is open, or why its context ended.
func (g *gate) Pass(ctx context.Context, n int) (int, error) {
	g.entered <- context.WithValue(ctx, callNumber{}, n)
	select {
	case <-g.leave:
		return n, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("at the gate: %w", ctx.Err())
	}
}

// callNumber is the key of what a call's context at a gate knows.
type callNumber struct{}

// handlerOf returns the context of the handler of a numbered call, nil if it hasn't been
// at the gate yet. Handlers of other calls are forgotten.
func (g *gate) handlerOf(number int) context.Context {
	for {
		select {
		case handler := <-g.entered:
			if handler.Value(callNumber{}) == number {
				return handler
			}
		default:
			return nil
		}
	}
}

// Free doesn't wait.
func (g *gate) Free(_ context.Context, n int) (int, error) { return n, nil }
