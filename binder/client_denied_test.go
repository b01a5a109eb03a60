package binder

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestARequestThatIsNotPermittedFailsAtOnceAndNamesTheSubject(t *testing.T) {
	t.Parallel()
	user := func(name string, deny, denySubscribe []string) broker.User {
		return broker.User{Name: name, Password: "secret", Publish: broker.Subjects{Deny: deny}, Subscribe: broker.Subjects{Deny: denySubscribe}}
	}
	b := startBroker(t, broker.Config{Users: []broker.User{
		user("binder", nil, nil), user("mute", []string{"helium.binder.>"}, nil), user("deaf", nil, []string{"_INBOX.deaf.>"}), user("half", []string{"helium.binder.list"}, nil),
	}})
	var logged violations
	startBinder(t, connectAs(t, b, "binder", &logged), Config{})
	for _, test := range []struct {
		user, does string
		names      string
		outcome    helium.Outcome
		ask        func(*Client) error
	}{
		{"mute", "List", "publish to helium.binder.list", helium.NotExecuted, func(c *Client) error { _, err := c.List(t.Context()); return err }},
		{"mute", "Lookup", "publish to helium.binder.lookup.math", helium.NotExecuted, func(c *Client) error { _, err := c.Lookup(t.Context(), "math"); return err }},
		{"mute", "Register", "publish to helium.binder.register.math", helium.NotExecuted, func(c *Client) error { _, err := c.Register(t.Context(), record("math", "i1")); return err }},
		{"mute", "Renew", "publish to helium.binder.renew.math", helium.NotExecuted, func(c *Client) error { _, err := c.Renew(t.Context(), "math", "i1"); return err }},
		{"mute", "End", "publish to helium.binder.end.math", helium.NotExecuted, func(c *Client) error { return c.End(t.Context(), "math", "i1") }},
		{"deaf", "List", "subscribe to _INBOX.deaf.", helium.NotExecuted, func(c *Client) error { _, err := c.List(t.Context()); return err }},
		{"deaf", "Register", "subscribe to _INBOX.deaf.", helium.Unknown, func(c *Client) error { _, err := c.Register(t.Context(), record("math", "i1")); return err }},
	} {
		c := newClient(t, connectAs(t, b, test.user, &logged))
		var err error
		if test.outcome == helium.NotExecuted {
			err = refusedForCertain(t, func(int) error { return test.ask(c) })
		} else {
			err = test.ask(c)
		}
		// Its own time would be 10 s, and end with another error.
		if !errors.Is(err, helium.ErrRegistryNotPermitted) || !strings.Contains(err.Error(), test.names) || helium.OutcomeOf(err) != test.outcome {
			t.Errorf("%s of %s: got %v (%v), want %v (%v) that names %s", test.does, test.user, err, helium.OutcomeOf(err), helium.ErrRegistryNotPermitted, test.outcome, test.names)
		}
	}
	// Who may ask one thing may go on asking it.
	half := newClient(t, connectAs(t, b, "half", &logged))
	for range 2 {
		if _, err := half.List(t.Context()); !errors.Is(err, helium.ErrRegistryNotPermitted) {
			t.Errorf("List: got %v, want %v", err, helium.ErrRegistryNotPermitted)
		}
		if _, err := half.Lookup(t.Context(), "math"); !errors.Is(err, helium.ErrUnknownService) && err != nil {
			t.Errorf("Lookup: got %v, want an answer", err)
		}
	}
	if got := logged.String(); got != "" {
		t.Errorf("logged as well as returned:\n%s", got)
	}
}

func TestARefusalThatComesWhenNobodyWaitsAnyMoreIsNoNewsToTheProgram(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "asker", Password: "secret"}, {Name: "other", Password: "secret"}}})
	var logged violations
	nc := connectAs(t, b, "asker", &logged)
	other := connectAs(t, b, "other", &logged)
	silent, err := other.SubscribeSync("helium.binder.>") // it listens where binders do, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Flush(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := newClient(t, nc).List(ctx); !errors.Is(err, helium.ErrNoBinderAnswer) {
		t.Fatalf("List: got %v, want %v", err, helium.ErrNoBinderAnswer)
	}
	asked, err := silent.NextMsg(patience)
	if err != nil {
		t.Fatalf("the request didn't come: %v", err)
	}
	late := func(what, subject string) {
		nc.ErrorHandler()(nc, nil, fmt.Errorf("%w: Permissions Violation for %s to %q", nats.ErrPermissionViolation, what, subject))
	}
	late("Subscription", asked.Reply)
	late("Publish", asked.Subject)
	if got := logged.String(); got != "" {
		t.Errorf("logged, though nobody waits for it:\n%s", got)
	}
	if late("Publish", "something.else"); !strings.Contains(logged.String(), "something.else") {
		t.Errorf("logged is %q, want the refusal of something.else, which is the program's own", logged.String())
	}
}
