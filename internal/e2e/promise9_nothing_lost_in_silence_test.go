package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise9NothingIsLostInSilence(t *testing.T) {
	t.Parallel()
	// Who may do too little, by name.
	users := map[string]broker.User{
		"whole": {},
		// May look up services and call nobody.
		"mute": {Publish: broker.Subjects{Allow: []string{"helium.binder.lookup.>"}}},
		// May call services, and no single instances.
		"narrow": {Publish: broker.Subjects{Allow: []string{"helium.binder.lookup.>", "helium.call.>"}}},
		// May not listen where the service is called.
		"deaf": {Subscribe: broker.Subjects{Deny: []string{"helium.call.>"}}},
		// May publish one answer to each message that it received.
		"terse": {Publish: broker.Subjects{Allow: []string{"helium.binder.*.work"}}, Responses: 1},
	}
	config := broker.Config{Listen: "127.0.0.1:0"}
	for name, user := range users {
		user.Name, user.Password = name, "pw"
		config.Users = append(config.Users, user)
	}
	n := network{t: t, broker: startBroker(t, config)}
	as := func(name string) *nats.Conn { return n.dial(nats.UserInfo(name, "pw")) }
	startBinder(t, as("whole"), longLease)
	logged := new(log)
	logger := slog.New(slog.NewTextHandler(logged, nil))

	t.Run("a call that NATS refuses is its caller's error, at once", func(t *testing.T) {
		serve(t, as("whole"), rpcserver.Config{}, "spoken", newWorker("w"))
		began := time.Now()
		err := newClient(t, as("mute"), rpcclient.Config{Timeout: patience}).Call(testContext(t), "spoken.who", nil)
		if !errors.Is(err, helium.ErrNotPermitted) || helium.OutcomeOf(err) != helium.NotExecuted || time.Since(began) > soon {
			t.Errorf("error %v, outcome %v after %v; want ErrNotPermitted, not executed, in milliseconds", err, helium.OutcomeOf(err), time.Since(began))
		}
		mentions(t, "the call", err, "helium.call.spoken")
	})
	t.Run("a subscription that NATS refuses is an error of Start", func(t *testing.T) {
		srv := rpcserver.New(as("deaf"), rpcserver.Config{Logger: quiet})
		if err := rpcserver.Register(srv, "unheard", newWorker("w")); err != nil {
			t.Fatal(err)
		}
		mentions(t, "Start", srv.Start(testContext(t)), "helium.call.unheard")
	})
	t.Run("answers that NATS refuses are told before one is lost, and logged once with what to set", func(t *testing.T) {
		srv := serve(t, as("terse"), rpcserver.Config{Logger: logger}, "work", newWorker("w"))
		eventually(t, "a warning", func() error {
			if len(srv.Warnings()) == 0 {
				return errors.New("none yet")
			}
			return nil
		})
		for _, warning := range srv.Warnings() {
			mentions(t, "the warning", errors.New(warning.Message), "_INBOX.>")
		}
		if lines := strings.Count(logged.String(), "helium.answers_limited"); lines != 1 {
			t.Errorf("the log says %d times what to set, want once:\n%s", lines, logged)
		}
	})
	t.Run("where NATS takes one answer a message, no caller waits out its deadline for a call that is done", func(t *testing.T) {
		w := newWorker("w")
		srv := serve(t, as("terse"), rpcserver.Config{Logger: quiet}, "work", w)
		c := newClient(t, as("whole"), rpcclient.Config{Timeout: patience, MaxAttempts: 1}).At(srv.Instance())
		held := make(chan error, 1)
		go func() { held <- c.Call(context.Background(), "work.hold", nil, 1) }()
		receive(t, "a Hold that began", w.began)
		var calls sync.WaitGroup
		for range 100 {
			calls.Go(func() {
				if err := c.Call(context.Background(), "work.who", nil); err != nil {
					t.Errorf("a call ended with %v", err)
				}
			})
		}
		calls.Wait() // while one of the same client runs on
		close(w.release)
		if err := receive(t, "the end of the long call", held); err != nil {
			t.Errorf("the long call ended with %v", err)
		}
		if n := srv.Stats().RefusedAnswers; n != 0 {
			t.Errorf("%d answers were refused, want none", n)
		}
	})
	t.Run("a one-way call that can't be run is counted, and logged once", func(t *testing.T) {
		srv := serve(t, as("whole"), rpcserver.Config{Logger: logger}, "lonely", newWorker("w"))
		nc := as("whole")
		for range 5 { // plain requests without a reply subject
			if err := nc.Publish("helium.at.lonely."+srv.Instance()+".missing", []byte("[]")); err != nil {
				t.Fatal(err)
			}
		}
		told := func() int { return strings.Count(logged.String(), "one-way call") }
		eventually(t, "all of them counted, and logged", func() error {
			if got := srv.Stats().Unheard; got != 5 || told() == 0 {
				return fmt.Errorf("%d are counted, and told of %d times", got, told())
			}
			return nil
		})
		if lines := told(); lines != 1 {
			t.Errorf("the log tells of one-way calls %d times, want once:\n%s", lines, logged)
		}
	})
	t.Run("a one-way call that may not go where its key wants it is its caller's error", func(t *testing.T) {
		serve(t, as("whole"), rpcserver.Config{}, "keyed", newWorker("w"))
		c := newClient(t, as("narrow"), rpcclient.Config{Timeout: patience})
		err := rpcclient.Keyed(c, "customer-7").Notify(testContext(t), "keyed.run", 1)
		if !errors.Is(err, helium.ErrNotPermitted) || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("error %v, outcome %v; want ErrNotPermitted, not executed", err, helium.OutcomeOf(err))
		}
		mentions(t, "the call", err, "helium.at.keyed.")
		if err := c.Notify(testContext(t), "keyed.run", 1); err != nil {
			t.Errorf("a one-way call for any instance: %v", err)
		}
	})
	t.Run("calls in flight end when their connection does", func(t *testing.T) {
		w := newWorker("w")
		serve(t, as("whole"), rpcserver.Config{}, "held", w)
		nc := as("whole")
		lost := newClient(t, nc, rpcclient.Config{Timeout: patience})
		answer := make(chan error, 1)
		go func() { answer <- lost.Call(context.Background(), "held.hold", nil, 1) }()
		receive(t, "a Hold that began", w.began)
		began := time.Now()
		nc.Close()
		err := receive(t, "the end of the call", answer)
		if helium.OutcomeOf(err) != helium.Unknown || err == nil || time.Since(began) > soon {
			t.Errorf("error %v, outcome %v after %v; want an error of unknown outcome, at once", err, helium.OutcomeOf(err), time.Since(began))
		}
	})
}

func TestPromise9AnswersThatNATSFindsTooLateAreCountedAndTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		conf string
		says string
		lost func(rpcserver.Stats) uint64
	}{
		"by allow_responses": {
			`authorization: { users: [
  { user: caller, password: "…" }
  { user: server, password: "…", permissions: { publish: ["helium.binder.>"], allow_responses: {expires: "500ms"} } }
] }`,
			"expires", func(s rpcserver.Stats) uint64 { return s.RefusedAnswers },
		},
		"through an export": {
			`accounts: {
  EXPORTS: { jetstream: enabled, users: [{user: server, password: "…"}], exports: [{service: "helium.>", response_threshold: "500ms"}] }
  IMPORTS: { users: [{user: caller, password: "…"}], imports: [{service: {account: EXPORTS, subject: "helium.>"}}] }
}`,
			"response_threshold", func(s rpcserver.Stats) uint64 { return s.DroppedAnswers },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := startGuarded(t, configured(t, test.conf), func() {}).url
			binders := "server"
			if test.says == "expires" {
				binders = "caller"
			}
			startBinder(t, dialAs(t, url, binders), longLease)
			slow, logged, rounds := slowpoke{make(chan struct{}, 2)}, new(log), 0
			srv := serve(t, dialAs(t, url, "server"), rpcserver.Config{Logger: slog.New(slog.NewTextHandler(logged, nil))}, "slow", slow)
			c := newClient(t, dialAs(t, url, "caller"), rpcclient.Config{Timeout: patience})
			// Again and again, as NATS looks for what is too late by a timer of its own, which comes when it can.
			eventually(t, "answers counted", func() error {
				rounds++
				if err := slow.late(t, c); err != nil {
					return err
				}
				if got := test.lost(srv.Stats()); got < 2 || got > uint64(2*rounds) {
					return fmt.Errorf("%d are, of %d", got, 2*rounds)
				}
				return nil
			})
			eventually(t, "word in the log", func() error {
				// Two that are lost together are told once, and one later on if it was lost sooner.
				if lines := strings.Count(logged.String(), "helium.answers_late"); lines < 1 || lines > rounds {
					return fmt.Errorf("in %d rounds the log tells of late answers %d times, want once, at most once each", rounds, lines)
				}
				return nil
			})
			if !strings.Contains(logged.String(), test.says) {
				t.Errorf("the log doesn't say what to set, %q:\n%s", test.says, logged)
			}
		})
	}
}

// slowpoke is a service whose answers take longer than the NATS servers here wait for them.
type slowpoke struct{ began chan struct{} }

func (s slowpoke) Linger() {
	s.began <- struct{}{}
	time.Sleep(1500 * time.Millisecond) // by NATS's own clock
}

func (slowpoke) Hurry() {}

// late has two calls answered too late for NATS, each a message of its own. Through an export only the
// client's next call proves that it was there all the while.
func (s slowpoke) late(t *testing.T, c *rpcclient.Client) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(testContext(t), 3*time.Second)
	defer cancel()
	var calls sync.WaitGroup
	for range 2 {
		calls.Go(func() { _ = c.Call(ctx, "slow.linger", nil) }) // nobody tells it
		receive(t, "a Linger that began", s.began)
	}
	calls.Wait()
	return c.Call(testContext(t), "slow.hurry", nil)
}
