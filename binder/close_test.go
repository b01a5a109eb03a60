package binder

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
)

// returns fails the test if do doesn't.
func returns(t *testing.T, what string, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s didn't return within %v", what, patience)
	}
}

func TestCloseReturnsWhileItsConnectionDrains(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{})
	nc := connect(t, b)
	reg := startBinder(t, nc, Config{Memory: true})
	// Somebody else's message is at work, so the connection goes on draining.
	began, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	if _, err := nc.Subscribe("busy", func(*nats.Msg) { close(began); <-release }); err != nil {
		t.Fatal(err)
	}
	if err := nc.Publish("busy", nil); err != nil {
		t.Fatal(err)
	}
	<-began
	if err := nc.Drain(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the binder's subscriptions are drained", func() error {
		for _, sub := range reg.requests.subs {
			if sub.IsValid() {
				return errors.New(sub.Subject + " isn't")
			}
		}
		return nil
	})
	if !nc.IsDraining() {
		t.Fatal("the connection doesn't drain any more, want it to")
	}
	returns(t, "Close", func() { reg.close(2 * patience) }) // it has nothing to wait for
}

func TestCloseWaitsOnlySoLongForAHookThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	for name, hook := range map[string]func(reg *Binder, release <-chan struct{}){
		"as it blocks":      func(_ *Binder, release <-chan struct{}) { <-release },
		"as it calls Close": func(reg *Binder, _ <-chan struct{}) { reg.close(failTime) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began, ended := make(chan struct{}), make(chan struct{})
			started, release := make(chan *Binder, 1), make(chan struct{})
			b := startBroker(t, broker.Config{})
			reg := startBinder(t, connect(t, b), Config{Memory: true, OnEvent: func(Event) {
				defer close(ended)
				reg := <-started
				close(began)
				hook(reg, release)
			}})
			started <- reg
			// Its hook may close the binder before that has answered.
			_, _ = newClient(t, connect(t, b)).Register(testContext(t), record("math", "i1", "add"))
			<-began
			returns(t, "Close", func() { reg.close(failTime) })
			close(release)
			returns(t, "the hook", func() { <-ended })
		})
	}
}

func TestCloseWaitsForAHookThatReturns(t *testing.T) {
	t.Parallel()
	began, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
	b := startBroker(t, broker.Config{})
	reg := startBinder(t, connect(t, b), Config{Memory: true, OnEvent: func(Event) {
		close(began)
		<-release
		close(ended)
	}})
	register(t, newClient(t, connect(t, b)), record("math", "i1", "add"))
	<-began
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		reg.close(patience)
	}()
	select {
	case <-closed:
		t.Error("Close returned while the hook ran, want it to wait")
	case <-time.After(200 * time.Millisecond): // one that doesn't wait has returned long before
	}
	close(release)
	returns(t, "Close", func() { <-closed })
	select {
	case <-ended:
	default:
		t.Error("Close returned before the hook did")
	}
}
