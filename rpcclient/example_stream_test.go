package rpcclient_test

import (
	"context"
	"fmt"
	"iter"

	"github.com/helium-rpc/helium/rpcclient"
)

func ExampleStream() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	ctx, c := context.Background(), env.Client

	for p, err := range rpcclient.Stream[int](ctx, c, "math.primes", 1_000_000) {
		if err != nil {
			fmt.Println(err) // the last item
			return
		}
		if p > 5 {
			break // ends the stream, and its handler with it
		}
		fmt.Println(p)
	}

	// What a method takes as a stream is an iterator, too.
	numbers := iter.Seq2[float64, error](func(yield func(float64, error) bool) {
		_ = yield(1, nil) && yield(2, nil) && yield(6, nil)
	})
	for mean, err := range rpcclient.Stream[float64](ctx, c, "math.runningMean", numbers) {
		fmt.Println(mean, err)
	}
	fmt.Println(rpcclient.Call[float64](ctx, c, "math.mean", numbers))
	// Output:
	// 2
	// 3
	// 5
	// 1 <nil>
	// 1.5 <nil>
	// 3 <nil>
	// 3 <nil>
}
