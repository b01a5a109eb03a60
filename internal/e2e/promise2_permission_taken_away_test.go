package e2e_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// reloaded is a NATS server whose permissions change while it runs.
type reloaded struct {
	t      *testing.T
	server *server.Server
	config func(denied string) string
	file   string
	all    *nats.Conn // of a user who may do everything
	one    *nats.Conn // of the user whose permissions change
}

// startReloaded starts one beside a binder. Denied are subjects that are denied to the one user, each in quotes, with
// commas between them.
func startReloaded(t *testing.T, denied string) *reloaded {
	t.Helper()
	options := configured(t, "")
	dir := t.TempDir()
	r := &reloaded{t: t, file: options.ConfigFile, config: func(denied string) string {
		return "listen: \"127.0.0.1:-1\"\njetstream: {store_dir: \"" + dir + "\"}\n" +
			`authorization: {users: [{user: all, password: "…"}, {user: one, password: "…", permissions: {publish: {allow: ["helium.>"], deny: [` + denied + `]}}}]}`
	}}
	r.write(denied)
	options, err := server.ProcessConfigFile(r.file)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	if r.server, err = server.NewServer(options); err != nil {
		t.Fatal(err)
	}
	r.server.Start()
	t.Cleanup(func() {
		r.server.Shutdown()
		r.server.WaitForShutdown()
	})
	if !r.server.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	g := &guarded{t: t, url: r.server.ClientURL(), stop: func() {}}
	for user, nc := range map[string]**nats.Conn{"all": &r.all, "one": &r.one} {
		if *nc, err = g.connect(t.Context(), user); err != nil {
			t.Fatal(err)
		}
	}
	registry, err := binder.Start(t.Context(), r.all, binder.Config{Logger: quiet, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	return r
}

func (r *reloaded) write(denied string) {
	r.t.Helper()
	if err := os.WriteFile(r.file, []byte(r.config(denied)), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// deny changes what is denied.
func (r *reloaded) deny(denied string) {
	r.t.Helper()
	r.write(denied)
	if err := r.server.Reload(); err != nil {
		r.t.Fatal(err)
	}
}

func TestPromise2AfterTheFirstRefusalOfWhatWasPermittedItIsCertainThatNoCallRan(t *testing.T) {
	t.Parallel()
	r := startReloaded(t, `"helium.at.>"`)
	serve(t, r.all, rpcserver.Config{}, "math", sums{})
	c := newClient(t, r.one, rpcclient.Config{Timeout: patience})
	add := func() error { return c.Call(t.Context(), "math.add", nil, 1, 2) }
	for round := range 2 {
		if err := add(); err != nil {
			t.Fatalf("round %d: while it is permitted: %v", round, err)
		}
		r.deny(`"helium.at.>", "helium.call.math", "helium.call.math.add"`)
		// The shared subject and the method's own were perhaps permitted both, so two may be unknown.
		unknown := 0
		for range 20 {
			var e *helium.Error
			switch err := add(); {
			case !errors.As(err, &e) || !errors.Is(err, helium.ErrNotPermitted):
				t.Fatalf("round %d: got %v, want helium.ErrNotPermitted", round, err)
			case e.Outcome == helium.Unknown:
				unknown++
			}
		}
		if unknown == 0 || unknown > 2 {
			t.Errorf("round %d: the outcome of %d of 20 refused calls is unknown, want that of the first alone on each subject", round, unknown)
		}
		r.deny(`"helium.at.>"`)
	}
}

// patientTap is a service whose stream and whose call last until their contexts end.
type patientTap struct {
	began chan string
	over  chan string
}

func (p *patientTap) Wait(ctx context.Context) error {
	p.began <- "call"
	<-ctx.Done()
	p.over <- "call"
	return ctx.Err()
}

func (p *patientTap) Items(ctx context.Context) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		if p.began <- "stream"; yield(1, nil) {
			<-ctx.Done()
		}
		p.over <- "stream"
	}
}

func TestPromise2OfAStreamUnderWayThatARefusalEndsTheOutcomeIsUnknownAndItsInstanceHears(t *testing.T) {
	t.Parallel()
	r := startReloaded(t, "")
	p := &patientTap{began: make(chan string, 10), over: make(chan string, 10)}
	serve(t, r.all, rpcserver.Config{}, "tap", p)
	c := newClient(t, r.one, rpcclient.Config{Timeout: patience, MaxAttempts: 1})
	items := func() (came <-chan bool, end <-chan error) {
		some, over := make(chan bool, 1), make(chan error, 1)
		go func() {
			var err error
			for _, e := range rpcclient.Stream[int](t.Context(), c, "tap.items") {
				if err = e; err == nil {
					some <- true
				}
			}
			over <- err
		}()
		return some, over
	}
	came, end := items()
	receive(t, "an item", came)
	r.deny(`"helium.at.>"`)
	_, refused := items()
	for what, end := range map[string]<-chan error{"the stream under way": end, "the one that is refused": refused} {
		if err := receive(t, "the end of "+what, end); !errors.Is(err, helium.ErrNotPermitted) || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("%s ended with %v (%v), want helium.ErrNotPermitted, unknown", what, err, helium.OutcomeOf(err))
		}
	}
	if got := receive(t, "the end of its handler", p.over); got != "stream" {
		t.Errorf("the handler of a %s has ended, want that of the stream", got)
	}
	if n := len(p.began); n != 1 {
		t.Errorf("%d handlers have begun, want 1", n)
	}
}

func TestPromise2OfACallThatHeartbeatsNameARefusalSaysNothingCertain(t *testing.T) {
	t.Parallel()
	r := startReloaded(t, `"helium.at.>"`)
	p := &patientTap{began: make(chan string, 10), over: make(chan string, 10)}
	serve(t, r.all, rpcserver.Config{}, "tap", p)
	serve(t, r.all, rpcserver.Config{}, "math", sums{})
	c := newClient(t, r.one, rpcclient.Config{Timeout: patience, MaxAttempts: 1})
	beats := make(chan bool, 1000)
	if _, err := r.all.Subscribe("_INBOX.>", func(msg *nats.Msg) {
		frames, err := wire.ReadMessage(msg.Data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindRunning && len(f.Body) > 0 {
				beats <- true
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	ends := make(chan error, 2)
	wait := func() { ends <- c.Call(t.Context(), "tap.wait", nil) }
	go wait()
	receive(t, "the call", p.began)
	receive(t, "a heartbeat", beats)
	if err := c.Call(t.Context(), "math.add", nil, 1, 2); err != nil { // the answer comes behind the heartbeat
		t.Fatal(err)
	}
	r.deny(`"helium.at.>", "helium.call.tap", "helium.call.tap.wait"`)
	go wait()
	for range 2 {
		if err := receive(t, "the end of a call", ends); !errors.Is(err, helium.ErrNotPermitted) || helium.OutcomeOf(err) != helium.Unknown {
			t.Errorf("a call ended with %v (%v), want helium.ErrNotPermitted, unknown", err, helium.OutcomeOf(err))
		}
	}
	if n := len(p.began); n != 0 {
		t.Errorf("%d more handlers have begun, want none: no call is sent again that runs", n)
	}
}
