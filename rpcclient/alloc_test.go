//go:build !race

// The race detector drops pooled objects at random, so allocations can't be counted.

package rpcclient_test

import (
	"context"
	"math"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestBeginningACallAllocatesNothing(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())
	// nats.go, the broker and the server allocate in this process too, so the client's
	// own part is measured without them: a call that an interceptor fails.
	fake := env.NewClient(rpcclient.Config{Interceptors: []rpcclient.Interceptor{
		func(rpcclient.Handler) rpcclient.Handler {
			return func(context.Context, *rpcclient.Invocation) error { return errAway }
		},
	}})
	method := fake.Method("math", "add", "add(a float64, b float64) float64", nil)
	ctx := context.Background()
	type add = func(ctx context.Context, a, b float64) (float64, error)
	function, err := rpcclient.Func[add](fake, "math.add")
	if err != nil {
		t.Fatal(err)
	}
	var stub struct{ Add add }
	if err := fake.Bind("math", &stub); err != nil {
		t.Fatal(err)
	}
	for way, begin := range map[string]func(){
		"by a method": func() {
			call := method.Begin(2)
			call.Args.Float64(1)
			call.Args.Float64(2)
			_ = call.Do(ctx)
		},
		"by Func": func() { _, _ = function(ctx, 1, 2) },
		"by Bind": func() { _, _ = stub.Add(ctx, 1, 2) },
	} {
		// What else runs in the process can only add to it, so the least of several counts.
		got := math.Inf(1)
		for range 5 {
			got = min(got, testing.AllocsPerRun(1000, begin))
		}
		// The error that names the call is two: with its outcome, and with its names.
		if got > 2 {
			t.Errorf("beginning and failing a call %s allocates %v times, want 2", way, got)
		}
	}
}
