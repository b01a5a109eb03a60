package rpcclient_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/natsperm"
	"github.com/helium-rpc/helium/rpcclient"
)

// What is larger than a message, and streams, go on by messages to a control subject.
func TestWhoMayNotPublishToControlSubjectsIsToldSoAndWhatToAllow(t *testing.T) {
	t.Parallel()
	env, nc := newLimitedTo(t, broker.Subjects{Allow: []string{">"}, Deny: []string{"helium.ctl.>"}}, broker.Subjects{})
	srv := heliumtest.Serve(env, "belt", belt{})
	heliumtest.Serve(env, "echo", echo{})
	c := env.NewClientOn(nc, long)
	large := func(c *rpcclient.Client) func() error {
		return func() error {
			_, err := rpcclient.Call[[]byte](context.Background(), c, "belt.bytes", 2<<20)
			return err
		}
	}
	for what, test := range map[string]struct {
		call    func() error
		outcome helium.Outcome
		allow   string
	}{
		"a large result":                     {large(c), helium.Executed, "helium.ctl.belt.*"},
		"a large result of a named instance": {large(c.At(srv.Instance())), helium.Executed, "helium.ctl.belt.*"},
		"a large result of a key's instance": {large(rpcclient.Keyed(c, "k")), helium.Executed, "helium.ctl.belt.*"},
		"a large result of all instances": {func() (end error) {
			for answer := range rpcclient.All[[]byte](context.Background(), c, "belt.bytes", 2<<20) {
				end = answer.Err
			}
			return end
		}, helium.Executed, "helium.ctl.belt.*"},
		"large arguments and a large result": {func() error {
			return c.Call(context.Background(), "echo.echo", new([]byte), make([]byte, 2<<20))
		}, helium.Executed, "helium.ctl.echo.*"},
		"a stream": {func() (end error) {
			for _, err := range rpcclient.Stream[int](context.Background(), c, "belt.tick", 3, 0) {
				end = err
			}
			return end
		}, helium.NotExecuted, "helium.ctl.belt.*"},
		"a stream that is sent": {func() error {
			return c.Call(context.Background(), "belt.take", nil, iter.Seq2[int, error](endless))
		}, helium.NotExecuted, "helium.ctl.belt.*"},
	} {
		checkFailure(t, what, test.call(), failure{
			is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: test.outcome, says: []string{`allow it to publish to "` + test.allow + `"`},
		})
	}
	got, err := rpcclient.Call[int](t.Context(), c, "echo.length", make([]byte, 2<<20))
	if got != 2<<20 || err != nil {
		t.Errorf("large arguments, which need no control subject: %d, %v; want %d", got, err, 2<<20)
	}
}

func TestCancelsThatNATSRefusesAreNotSentAgainAndAgain(t *testing.T) {
	t.Parallel()
	env, nc := newLimitedTo(t, broker.Subjects{Allow: []string{">"}, Deny: []string{"helium.ctl.>"}}, broker.Subjects{})
	const instances, calls = 3, 20
	began, release := make(chan struct{}, calls), make(chan struct{})
	for range instances {
		heliumtest.Serve(env, "held", held{began, release})
	}
	t.Cleanup(func() { close(release) }) // before they are shut down
	var refused atomic.Int64
	heard := natsperm.Listen(nc, func(refusal error) bool {
		if subject, ok := natsperm.Publish(refusal); ok && strings.HasPrefix(subject, "helium.ctl.held.") {
			refused.Add(1)
		}
		return false
	})
	defer heard.Stop()
	c := env.NewClientOn(nc, long)
	cancel := func(n int) {
		t.Helper()
		for range n {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- c.Call(ctx, "held.hold", nil) }()
			within(t, began, "call that began")
			cancel()
			if err := within(t, ended, "end of a call that was given up"); !errors.Is(err, helium.ErrCanceled) {
				t.Errorf("a call that was given up ended with %v, want %v", err, helium.ErrCanceled)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := heard.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	cancel(1)
	first := refused.Load()
	cancel(calls - 1)
	if got := refused.Load(); first == 0 || got > instances {
		t.Errorf("NATS has refused %d cancels of one call and %d of %d, want some and at most one for each of %d instances", first, got, calls, instances)
	}
}

// held is a service whose calls wait until they are released.
type held struct{ began, release chan struct{} }

func (h held) Hold() {
	h.began <- struct{}{}
	<-h.release
}
