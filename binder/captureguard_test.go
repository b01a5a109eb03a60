package binder

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
)

func TestABinderFindsTheStreamsThatAnswerInItsPlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		config   jetstream.StreamConfig
		captures bool
	}{
		{jetstream.StreamConfig{Subjects: []string{"helium.>"}}, true},
		{jetstream.StreamConfig{Subjects: []string{"other", "helium.binder.*.*"}}, true},
		{jetstream.StreamConfig{Subjects: []string{"helium.*.list"}}, true},
		{jetstream.StreamConfig{Subjects: []string{"helium.binder.lookup.math"}}, true},
		{jetstream.StreamConfig{Subjects: []string{"helium.binder.lookup.math.add"}}, true},
		{jetstream.StreamConfig{Subjects: []string{"helium.>"}, NoAck: true}, false},
		{jetstream.StreamConfig{Subjects: []string{"helium.binder.event.*"}}, false},
		{jetstream.StreamConfig{Subjects: []string{"helium.call.>", "helium.at.>"}}, false},
		{jetstream.StreamConfig{Subjects: []string{"heliums.>", "helium"}}, false},
	} {
		b := startBroker(t, broker.Config{})
		nc := connect(t, b)
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		reg := startBinder(t, nc, Config{Memory: true}) // before there is such a stream
		c.config.Name, c.config.Storage = "EVERYTHING", jetstream.MemoryStorage
		if _, err := js.CreateStream(t.Context(), c.config); err != nil {
			t.Fatal(err)
		}
		second, startErr := Start(t.Context(), nc, Config{Memory: true, Logger: quiet()})
		if startErr == nil {
			second.Close()
		}
		_, registerErr := newClient(t, connect(t, b)).Register(t.Context(), record("math", "i1", "add"))
		for what, err := range map[string]error{"Start": startErr, "Register": registerErr} {
			switch {
			case !c.captures && err != nil:
				t.Errorf("beside a stream of %q (no_ack %t): %s = %v, want nil", c.config.Subjects, c.config.NoAck, what, err)
			case c.captures && (what == "Start" || strings.Contains(strings.Join(c.config.Subjects, " "), ".>")) &&
				(!errors.Is(err, helium.ErrNotBinder) || !strings.Contains(err.Error(), "nats stream edit EVERYTHING")):
				t.Errorf("beside a stream of %q: %s = %v, want helium.ErrNotBinder, and what to do", c.config.Subjects, what, err)
			}
		}
		reg.Close()
	}
}

func TestABinderThatMayNotAskForStreamsWorksWithoutAWord(t *testing.T) {
	t.Parallel()
	b := startBroker(t, broker.Config{Users: []broker.User{{Name: "binder", Password: "secret", Publish: broker.Subjects{Deny: []string{"$JS.API.STREAM.NAMES"}}}}})
	var logged violations
	startBinder(t, connectAs(t, b, "binder", &logged), Config{Memory: true})
	c := newClient(t, connect(t, b))
	for range 3 {
		if _, err := c.Register(t.Context(), record("math", "i1", "add")); err != nil {
			t.Error(err)
		}
	}
	if got := logged.String(); got != "" {
		t.Errorf("logged: %s", got)
	}
}

func TestNoDeskIsDeadOnceStartHasReturned(t *testing.T) {
	t.Parallel()
	refused, served := 0, 0
	for limit := 1; limit < 20 && served < 2; limit++ {
		url := configured(t, fmt.Sprint("max_subscriptions: ", limit))
		reg, err := Start(t.Context(), dial(t, url), Config{Memory: true, Logger: quiet()})
		if err != nil {
			refused++
			if !errors.Is(err, nats.ErrMaxSubscriptionsExceeded) || !strings.Contains(err.Error(), "max_subscriptions") {
				t.Errorf("limit %d: Start = %v, want an error about max_subscriptions", limit, err)
			}
			continue
		}
		served++
		c := newClient(t, dial(t, url))
		register(t, c, record("math", "i1", "add"))
		for what, ask := range map[string]func() error{
			"Renew":  func() error { _, err := c.Renew(t.Context(), "math", "i1"); return err },
			"Lookup": func() error { _, err := c.Lookup(t.Context(), "math.add"); return err },
			"List":   func() error { _, err := c.List(t.Context()); return err },
			"End":    func() error { return c.End(t.Context(), "math", "i2") },
		} {
			if err := ask(); err != nil {
				t.Errorf("limit %d: %s = %v, want nil", limit, what, err)
			}
		}
		reg.Close()
	}
	if refused < 4 || served < 2 {
		t.Errorf("Start failed under %d limits and worked under %d, want some of both", refused, served)
	}
}
