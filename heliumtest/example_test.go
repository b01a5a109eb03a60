package heliumtest_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
)

// A test gets its t from go test; this example makes do with a stand-in.
func Example() {
	t := &cleanup{TB: new(testing.T)}
	defer t.run()

	env := heliumtest.New(t)
	heliumtest.Serve(env, "math", mathsvc.New())

	math := mathsvc.NewClient(env.Client)
	fmt.Println(math.Add(context.Background(), 2, 3))
	// Output: 5 <nil>
}
