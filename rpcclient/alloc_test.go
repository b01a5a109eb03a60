//go:build !race

// The race detector drops pooled objects at random, so allocations can't be counted.

package rpcclient_test

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/internal/msgpack"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

// allocated returns how many bytes something allocates, the least of several times, as what else runs in
// the process can only add to it.
func allocated(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

func TestTheBeginningOfAStreamEncodesItsMetadataOnce(t *testing.T) {
	env, nc := newLimited(t, "helium.binder.>", "helium.at.flow.>", "helium.call.flow.>")
	heliumtest.Serve(env, "flow", &flows{over: make(chan error, 10)})
	c := env.NewClientOn(nc, long)
	metadata := make(helium.Metadata)
	for i := range 200 {
		metadata[fmt.Sprint("key", i)] = strings.Repeat("x", 2000)
	}
	// Whoever may not say what goes on in a stream is told when its beginning is ready to be sent.
	begin := func(ctx context.Context) uint64 {
		return allocated(func() {
			_, err := gather(rpcclient.Stream[int](ctx, c, "flow.count", -1))
			checkFailure(t, "a stream", err, failure{is: helium.ErrNotPermitted, code: helium.CodePermissionDenied, outcome: helium.NotExecuted})
		})
	}
	with, without := begin(helium.WithMetadata(t.Context(), metadata)), begin(t.Context())
	once := allocated(func() { msgpack.AppendStringMap(nil, metadata) })
	if with > without+once*3/2 {
		t.Errorf("metadata that take %d bytes to encode have the beginning of a stream take %d, and it takes %d without them; want them encoded once", once, with, without)
	}
}

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
