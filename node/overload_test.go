package node_test

import (
	"context"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestNodeHoldsBackMostOfWhatAServerWouldRefuse(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	srv := rpcserver.New(n.conn(), rpcserver.Config{MaxInFlight: 1, MaxQueue: -1, Logger: quiet})
	if err := rpcserver.Register(srv, "work", new(work)); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // the call that it has is cut
		_ = srv.Shutdown(ended)
	})
	runTests(t, n, "test/overload.mjs")
	if s := srv.Stats(); s.Refused < 32 {
		t.Errorf("the server refused %d calls, want at least the 32 after which some are held back", s.Refused)
	}
}
