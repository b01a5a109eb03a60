package process_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/internal/leak"
)

// patience bounds what happens soon; only a failing test waits for it.
const patience = time.Minute

func TestMain(m *testing.M) {
	process.Main(func(ctx context.Context, setup json.RawMessage) (process.Actor, error) {
		var what string
		if err := json.Unmarshal(setup, &what); err != nil || what == "" {
			return nil, fmt.Errorf("it can't be %q: %v", setup, err)
		}
		return &echo{what: what}, nil
	})
	os.Exit(leak.Run(m))
}

// echo answers a text with itself, and can be a parent itself.
type echo struct {
	what  string
	child *process.Child
}

func (e *echo) Ready() any { return os.Getpid() }

func (e *echo) Close() {}

func (e *echo) Do(ctx context.Context, command json.RawMessage) (any, error) {
	var text string
	if err := json.Unmarshal(command, &text); err != nil {
		return nil, err
	}
	switch text {
	case "fail":
		return nil, errors.New("as it was asked to")
	case "hang":
		<-ctx.Done()
		return nil, ctx.Err()
	case "have a frozen child":
		var pid int
		child, err := process.Start(ctx, process.Spec{Name: "grandchild", Setup: "grandchild", Limit: patience}, &pid)
		if err != nil {
			return nil, err
		}
		e.child = child
		return pid, child.Freeze()
	}
	return e.what + " " + text, nil
}

func start(t *testing.T, limit time.Duration) (child *process.Child, pid int) {
	t.Helper()
	child, err := process.Start(context.Background(), process.Spec{Name: "child", Setup: "echo", Limit: limit}, &pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(child.Kill)
	return child, pid
}

func TestAChildAnswersInAnyOrderAndItsErrorsAreItsParents(t *testing.T) {
	child, pid := start(t, patience)
	if pid == 0 || pid == os.Getpid() {
		t.Errorf("the child's process is %d, want another than %d", pid, os.Getpid())
	}
	ctx, cancel := context.WithCancel(context.Background())
	hung := make(chan error, 1)
	go func() { hung <- child.Ask(ctx, "hang", nil) }()
	var got string
	if err := child.Ask(context.Background(), "hello", &got); err != nil || got != "echo hello" {
		t.Errorf("got %q, %v; want an answer while another is awaited", got, err)
	}
	if err := child.Ask(context.Background(), "fail", nil); err == nil || !strings.Contains(err.Error(), "as it was asked to") {
		t.Errorf("got %v, want the child's error", err)
	}
	cancel()
	if err := <-hung; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that nobody waits any more", err)
	}
}

func TestAChildThatIsKilledFailsWhoeverWaitsForIt(t *testing.T) {
	child, _ := start(t, patience)
	hung := make(chan error, 1)
	go func() { hung <- child.Ask(context.Background(), "hang", nil) }()
	child.Kill()
	if err := <-hung; !errors.Is(err, process.ErrGone) {
		t.Errorf("got %v, want that the child is gone", err)
	}
	if err := child.Ask(context.Background(), "hello", nil); !errors.Is(err, process.ErrGone) {
		t.Errorf("got %v, want that the child is gone", err)
	}
}

func TestAChildEndsByItselfWhenItsTimeIsUp(t *testing.T) {
	child, _ := start(t, time.Second) // it has to be ready by then
	if err := child.Ask(context.Background(), "hang", nil); !errors.Is(err, process.ErrGone) {
		t.Errorf("got %v, want that the child is gone", err)
	}
}

func TestAChildThatCannotStartSaysWhy(t *testing.T) {
	_, err := process.Start(context.Background(), process.Spec{Name: "nobody", Setup: "", Limit: patience}, nil)
	if err == nil || !strings.Contains(err.Error(), "it can't be") {
		t.Errorf("got %v, want what the child said", err)
	}
}
