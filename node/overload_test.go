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
	if s := srv.Stats(); s.Refused < 32 || s.Refused > 2000 {
		t.Errorf("the server refused %d of 10,000 calls; want 32 at least, and 2,000 at most", s.Refused)
	}
}
