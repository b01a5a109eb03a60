package rpcserver_test

import (
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/conformance"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestAServerAnswersAsTheVectorsSay(t *testing.T) {
	w := newWorld(t, broker.Config{})
	w.startBinder(binder.Config{})
	srv := rpcserver.New(w.conn(), rpcserver.Config{Logger: quiet(), MaxQueue: 10_000})
	if err := srv.Handle(conformance.Service()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(testContext(t)) })
	conformance.Calls(t, w.conn(), "../testdata/vectors/calls.json", srv.Instance())
	conformance.Keys(t, w.conn(), "../testdata/vectors/keys.json", srv.Instance())
	conformance.Waiting(t, w.conn(), "../testdata/vectors/waiting.json", srv.Instance())
	if got := srv.Stats().Panics; got != 0 {
		t.Errorf("%d handlers panicked, want none", got)
	}
}
