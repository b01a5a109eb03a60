package e2e_test

import (
	"errors"
	"os"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise2AfterTheFirstRefusalOfWhatWasPermittedItIsCertainThatNoCallRan(t *testing.T) {
	t.Parallel()
	options := configured(t, "")
	dir := t.TempDir()
	write := func(denied string) {
		t.Helper()
		conf := "listen: \"127.0.0.1:-1\"\njetstream: {store_dir: \"" + dir + "\"}\n" +
			`authorization: {users: [{user: all, password: "…"}, {user: one, password: "…", permissions: {publish: {allow: ["helium.>"], deny: ["helium.at.>"` + denied + `]}}}]}`
		if err := os.WriteFile(options.ConfigFile, []byte(conf), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	options, err := server.ProcessConfigFile(options.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	broker, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	t.Cleanup(func() {
		broker.Shutdown()
		broker.WaitForShutdown()
	})
	if !broker.ReadyForConnections(patience) {
		t.Fatal("the NATS server doesn't start")
	}
	g := &guarded{t: t, url: broker.ClientURL(), stop: func() {}}
	all, err := g.connect(t.Context(), "all")
	if err != nil {
		t.Fatal(err)
	}
	registry, err := binder.Start(t.Context(), all, binder.Config{Logger: quiet, Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(registry.Close)
	serve(t, all, rpcserver.Config{}, "math", sums{})
	one, err := g.connect(t.Context(), "one")
	if err != nil {
		t.Fatal(err)
	}
	c, err := rpcclient.New(one, rpcclient.Config{Logger: quiet, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	add := func() error { return c.Call(t.Context(), "math.add", nil, 1, 2) }
	for round := range 2 {
		if err := add(); err != nil {
			t.Fatalf("round %d: while it is permitted: %v", round, err)
		}
		write(`, "helium.call.math", "helium.call.math.add"`)
		if err := broker.Reload(); err != nil {
			t.Fatal(err)
		}
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
		write("")
		if err := broker.Reload(); err != nil {
			t.Fatal(err)
		}
	}
}
