package rpcclient_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAnInboxThatIsTooShallowIsRefusedWhateverElseIs(t *testing.T) {
	for name, subscribe := range map[string]broker.Subjects{
		"nothing else": {Allow: []string{"_INBOX.shop.*", "helium.>"}},
		"events":       {Allow: []string{"_INBOX.shop.*"}},
		"denied":       {Deny: []string{"_INBOX.shop.*.*", "helium.binder.event.*"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, nc := newLimitedTo(t, broker.Subjects{}, subscribe)
			c, err := rpcclient.New(nc, rpcclient.Config{})
			if err == nil {
				c.Close()
			}
			checkFailure(t, "New", err, failure{is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.Unknown, says: []string{`"_INBOX.shop.>"`, "allow it to subscribe"}})
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("New = %v, want it to match nats.ErrPermissionViolation", err)
			}
		})
	}
}

// capture makes a stream that keeps all messages to some subjects.
func capture(t *testing.T, nc *nats.Conn, name string, subjects ...string) {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: subjects, Storage: jetstream.MemoryStorage}); err != nil {
		t.Fatal(err)
	}
}

func TestAStreamThatAnswersForTheBinderIsNamed(t *testing.T) {
	env := heliumtest.New(t)
	env.Binder.Close()
	capture(t, env.Conn("other"), "EVERYTHING", "helium.>")
	began := time.Now()
	for _, name := range []string{"counter.countA", "countA"} {
		checkFailure(t, name, env.NewClient(long).Call(t.Context(), name, nil), failure{
			is: helium.ErrNotBinder, code: helium.CodeFailedPrecondition, outcome: helium.NotExecuted,
			says: []string{`"EVERYTHING"`, "helium.binder.lookup.", "nats stream edit"},
		})
	}
	inTime(t, began, "a stream's answer")
}

func TestCallsThatAStreamKeepsAreAnsweredOrNameIt(t *testing.T) {
	env := heliumtest.New(t)
	capture(t, env.Conn("other"), "CALLS", "helium.call.>")
	srv := heliumtest.Serve(env, "counter", new(counter))
	c := env.NewClient(long)
	for i := range 20 {
		if n, err := rpcclient.Call[int](t.Context(), c, "counter.countA"); n != i+1 || err != nil {
			t.Fatalf("countA() = %d, %v; want %d", n, err, i+1)
		}
	}
	// A record without a server: the stream hides that nobody listens.
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	registry, err := binder.NewClient(env.Conn("registrar"), "")
	if err != nil {
		t.Fatal(err)
	}
	record := binder.Record{Service: "counter", Instance: "gone", Methods: []binder.Method{{Name: "countA", Signature: "countA() int64"}}}
	if _, err := registry.Register(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func() (context.Context, context.CancelFunc){
		"the context's deadline": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Second)
		},
		"the client's timeout": func() (context.Context, context.CancelFunc) { return t.Context(), func() {} },
	} {
		ctx, cancel := end()
		err := env.NewClient(rpcclient.Config{Timeout: time.Second}).Call(ctx, "counter.countA", nil)
		cancel()
		checkFailure(t, name, err, failure{is: helium.ErrDeadline, code: helium.CodeDeadlineExceeded, outcome: helium.Unknown, says: []string{`"CALLS"`, "helium.call.counter.countA", "nats stream edit"}})
	}
}
