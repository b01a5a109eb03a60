package e2e_test

import (
	"context"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestPromise4NobodyListeningFailsInMilliseconds(t *testing.T) {
	t.Parallel()
	n := newNetwork(t)
	registerNobody(t, n, "empty", "run")
	serve(t, n.dial(), rpcserver.Config{}, "work", newWorker("w"))
	c := n.client(rpcclient.Config{})
	for _, call := range []struct {
		name   string
		client *rpcclient.Client
		method string
		want   helium.Code
	}{
		{"registered, and nobody serves it", c, "empty.run", helium.CodeUnavailable},
		{"never registered", c, "missing.run", helium.CodeNotFound},
		{"a bare name that no service has", c, "missing", helium.CodeUnimplemented},
		{"an instance that is gone", c.At("gone"), "work.who", helium.CodeUnavailable},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		began := time.Now()
		err := call.client.Call(ctx, call.method, nil)
		cancel()
		if helium.CodeOf(err) != call.want || helium.OutcomeOf(err) != helium.NotExecuted {
			t.Errorf("%s: error %v, code %v, outcome %v; want %v, not executed", call.name, err, helium.CodeOf(err), helium.OutcomeOf(err), call.want)
		}
		if took := time.Since(began); took > soon {
			t.Errorf("%s: it took %v, want milliseconds, not the deadline of %v", call.name, took, patience)
		}
	}
}
