package node_test

import (
	"context"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/conformance"
	"github.com/helium-rpc/helium/rpcserver"
)

const callVectors = "../testdata/vectors/calls.json"

// newVectorsService serves the service of the vectors on a network of its own.
func newVectorsService(t *testing.T) (n *network, instance string) {
	t.Helper()
	n = newNetwork(t, binder.Config{})
	srv := rpcserver.New(n.conn(), rpcserver.Config{Logger: quiet, MaxQueue: 10_000})
	if err := srv.Handle(conformance.Service()); err != nil {
		t.Fatal(err)
	}
	if err := srv.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	return n, srv.Instance()
}

func TestAServiceInNodeAnswersAsTheVectorsSay(t *testing.T) {
	t.Parallel()
	n := newNetwork(t, binder.Config{})
	program := startService(t, n, "services/vectors.mjs")
	conformance.Calls(t, n.conn(), callVectors, program.instance)
	if t.Failed() {
		t.Logf("the program said:\n%s", program.said)
	}
}
