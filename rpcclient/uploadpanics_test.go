package rpcclient_test

import (
	"iter"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// bindFlows serves flows and returns a stub of a client that logs to the channel.
func bindFlows(t *testing.T, over linkage) (stub *flowStub, logged chan string) {
	t.Helper()
	env := heliumtest.New(t)
	logged = make(chan string, 100)
	c := env.NewClient(rpcclient.Config{Logger: slog.New(slog.NewTextHandler(lineWriter(logged), nil))})
	serveOver(t, over, env, c, rpcserver.Config{}, "flow", &flows{over: make(chan error, 100)})
	stub = new(flowStub)
	if err := c.Bind("flow", stub); err != nil {
		t.Fatal(err)
	}
	return stub, logged
}

// nextPanic returns the next line that tells of a panic.
func nextPanic(t *testing.T, logged chan string) string {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case line := <-logged:
			if strings.Contains(line, "panic") {
				return line
			}
		case <-late:
			t.Fatal("nothing was logged, want a panic")
		}
	}
}

// goingDown gives a number and panics once it is told to.
func goingDown(when <-chan struct{}, with string) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		yield(7, nil)
		<-when
		panic(with)
	}
}

func TestAPanicOfAnIteratorThatWasLeftBehindIsLogged(t *testing.T) {
	overEachLink(t, func(t *testing.T, over linkage) {
		stub, logged := bindFlows(t, over)
		done := make(chan struct{})
		if first, err := stub.First(t.Context(), goingDown(done, "much too late")); first != 7 || err != nil {
			t.Fatalf("got %d, %v; want 7, nil, as the iterator hasn't panicked", first, err)
		}
		close(done)
		line := nextPanic(t, logged)
		for _, want := range []string{"flow.first", "much too late", "goingDown"} {
			if !strings.Contains(line, want) {
				t.Errorf("logged %q, want it to have %q", line, want)
			}
		}
	})
}

func TestAPanicOfAnIteratorWhoseLoopPanickedIsLoggedAndOneThatItsCallerGetsIsNot(t *testing.T) {
	stub, logged := bindFlows(t, linkage{name: "bus"})
	get := func(items iter.Seq2[int, error], body func()) (panicked any) {
		defer func() { panicked = recover() }()
		for range stub.Running(0, items) {
			body()
		}
		return nil
	}
	now, later := make(chan struct{}), make(chan struct{})
	close(now)
	if p := get(goingDown(now, "the caller's"), func() {}); p != "the caller's" {
		t.Errorf("recovered %v, want what the iterator panicked with", p)
	}
	if p := get(goingDown(later, "the other one"), func() { panic("the loop's") }); p != "the loop's" {
		t.Errorf("recovered %v, want what the loop's body panicked with", p)
	}
	close(later)
	if line := nextPanic(t, logged); !strings.Contains(line, "the other one") {
		t.Errorf("first logged %q, want the panic that nobody got", line)
	}
}
