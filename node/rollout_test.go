package node_test

import (
	"context"
	"testing"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/rpcserver"
)

func TestNodeCallsWhileVersionsDiffer(t *testing.T) {
	n := newNetwork(t, binder.Config{})
	returns := func(name, result string, value any) rpcserver.Method {
		return rpcserver.Method{Name: name, Signature: name + "() " + result, Handler: func(_ context.Context, call *rpcserver.Call) error {
			call.Result.Value(value)
			return nil
		}}
	}
	list, count := returns("list", "string", "list"), returns("count", "int64", 7)
	for _, instance := range []struct {
		service   string
		perMethod bool
		methods   []rpcserver.Method
	}{
		{"rollout", false, []rpcserver.Method{list}},
		{"rollout", false, []rpcserver.Method{list}},
		{"rollout", false, []rpcserver.Method{list, count}},
		{"apart", true, []rpcserver.Method{list, count}},
	} {
		srv := rpcserver.New(n.conn(), rpcserver.Config{PerMethod: instance.perMethod, Logger: quiet})
		if err := srv.Handle(rpcserver.Service{Name: instance.service, Methods: instance.methods}); err != nil {
			t.Fatal(err)
		}
		if err := srv.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Shutdown(context.Background()) })
	}
	out, err := node(t, []string{"HELIUM_URL=" + n.broker.URL()}, "--test", "--test-reporter=tap", "test/rollout.mjs").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
