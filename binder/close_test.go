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
	returns(t, "Close", reg.Close)
}
