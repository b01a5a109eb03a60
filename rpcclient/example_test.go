package rpcclient_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// exampleT stands in for the t that a test has.
type exampleT struct {
	testing.TB
	undo []func()
}

func (t *exampleT) Cleanup(f func())          { t.undo = append(t.undo, f) }
func (t *exampleT) Logf(string, ...any)       {}
func (t *exampleT) Errorf(f string, v ...any) { fmt.Printf(f+"\n", v...) } // no example expects that
func (t *exampleT) Fatalf(f string, v ...any) { panic(fmt.Sprintf(f, v...)) }

func (t *exampleT) close() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		t.undo[i]()
	}
}

// start starts a broker, a binder, a server of arithmetic and a client.
func start(config rpcclient.Config) (env *heliumtest.Env, stop func()) {
	t := &exampleT{TB: new(testing.T)}
	env = heliumtest.NewWith(t, heliumtest.Config{Client: config})
	heliumtest.Serve(env, "math", mathsvc.New())
	return env, t.close
}

func Example() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	ctx := context.Background()

	c, err := rpcclient.New(env.Conn("shop"), rpcclient.Config{Timeout: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	fmt.Println(rpcclient.Call[float64](ctx, c, "math.add", 2, 3))
	// Output: 5 <nil>
}

func ExampleClient_Call() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	ctx, c := context.Background(), env.Client

	var sum float64
	err := c.Call(ctx, "math.add", &sum, 2, 3)
	fmt.Println(sum, err)

	err = c.Call(ctx, "sub", &sum, 2, 3) // no other service has a method sub
	fmt.Println(sum, err)

	err = c.Call(ctx, "math.add", &sum, 2)
	fmt.Println(err)
	// Output:
	// 5 <nil>
	// -1 <nil>
	// math.add: a call with 1 argument doesn't fit add(float64, float64) float64: it takes 2 (invalid_argument)
}

func ExampleFunc() {
	env, stop := start(rpcclient.Config{})
	defer stop()

	add, err := rpcclient.Func[func(context.Context, float64, float64) (float64, error)](env.Client, "math.add")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(add(context.Background(), 2, 3))
	// Output: 5 <nil>
}

func ExampleClient_Bind() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	ctx := context.Background()

	var math struct {
		Add      func(ctx context.Context, a, b float64) (float64, error)
		Quotient func(ctx context.Context, a, b float64) (float64, error) `helium:"div"`
	}
	if err := env.Client.Bind("math", &math); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(math.Add(ctx, 2, 3))
	fmt.Println(math.Quotient(ctx, 3, 2))
	// Output:
	// 5 <nil>
	// 1.5 <nil>
}

// What a generator writes for each method of a service.
func ExampleClient_Method() {
	env, stop := start(rpcclient.Config{})
	defer stop()

	method := env.Client.Method("math", "add", "add(a float64, b float64) float64", nil)
	add := func(ctx context.Context, a, b float64) (float64, error) {
		call := method.Begin(2)
		call.Args.Float64(a)
		call.Args.Float64(b)
		if err := call.Do(ctx); err != nil {
			return 0, err
		}
		result, err := call.Result.Float64()
		return result, call.End(err)
	}
	fmt.Println(add(context.Background(), 2, 3))
	// Output: 5 <nil>
}

func Example_errors() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	ctx, c := context.Background(), env.Client

	_, err := rpcclient.Call[float64](ctx, c, "math.div", 1, 0)
	fmt.Println(errors.Is(err, mathsvc.ErrDivisionByZero), helium.CodeOf(err), helium.OutcomeOf(err))

	_, err = rpcclient.Call[float64](ctx, c, "math.divide", 1, 0)
	fmt.Println(helium.CodeOf(err), helium.OutcomeOf(err))
	// Output:
	// true invalid_argument executed
	// unimplemented not executed
}

func Example_deadline() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	heliumtest.Serve(env, "shapes", newShapes())

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := env.Client.Call(ctx, "shapes.wait", nil) // it waits for its context to end
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	// Output: true
}

func Example_concurrent() {
	env, stop := start(rpcclient.Config{})
	defer stop()

	math := mathsvc.NewClient(env.Client)
	var wg sync.WaitGroup
	sums := make([]float64, 100)
	for i := range sums {
		wg.Go(func() { sums[i], _ = math.Add(context.Background(), float64(i), 1) })
	}
	wg.Wait()
	fmt.Println(sums[0], sums[99])
	// Output: 1 100
}

func ExampleInterceptor() {
	tag := func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			ctx = helium.WithMetadata(ctx, helium.Metadata{"tenant": "acme"})
			err := next(ctx, call)
			fmt.Printf("%s.%s: %v, served by %s\n", call.Service(), call.Method(), err, call.ReplyMetadata["host"])
			return err
		}
	}
	t := &exampleT{TB: new(testing.T)}
	defer t.close()
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{tag}}})
	greet := func(next rpcserver.Handler) rpcserver.Handler {
		return func(ctx context.Context, call *rpcserver.Call) error {
			fmt.Println("for", helium.MetadataFrom(ctx)["tenant"])
			call.ReplyMetadata = helium.Metadata{"host": "node-7"}
			return next(ctx, call)
		}
	}
	heliumtest.ServeWith(env, rpcserver.Config{Interceptors: []rpcserver.Interceptor{greet}}, "math", mathsvc.New())

	fmt.Println(mathsvc.NewClient(env.Client).Add(context.Background(), 2, 3))
	// Output:
	// for acme
	// math.add: <nil>, served by node-7
	// 5 <nil>
}

func ExampleClient_At() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	srv := heliumtest.Serve(env, "math", mathsvc.New()) // a second instance
	ctx := context.Background()

	math := mathsvc.NewClient(env.Client.At(srv.Instance()))
	fmt.Println(math.Add(ctx, 2, 3))

	_ = srv.Shutdown(ctx)
	_, err := math.Add(ctx, 2, 3)
	fmt.Println(errors.Is(err, helium.ErrNoInstance))
	// Output:
	// 5 <nil>
	// true
}

func ExampleClient_Notify() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	g := newGate()
	heliumtest.Serve(env, "gate", g)

	err := env.Client.Notify(context.Background(), "gate.pass", 1)
	fmt.Println(err)
	<-g.entered // the handler runs, and nobody waits for what it returns
	close(g.leave)
	// Output: <nil>
}

func ExampleConfig_hedge() {
	env, stop := start(rpcclient.Config{Hedge: true})
	defer stop()
	ctx := context.Background()
	g := newGate()
	for range 2 {
		heliumtest.Serve(env, "gate", g, rpcserver.Idempotent("pass"))
	}
	stuck := make(chan struct{})
	var letting sync.WaitGroup
	letting.Go(func() {
		for {
			select {
			case g.leave <- struct{}{}:
			case <-stuck:
				return
			}
		}
	})
	for n := range 100 { // that is how long calls usually take
		if err := env.Client.Call(ctx, "gate.pass", nil, n); err != nil {
			fmt.Println(err)
		}
	}

	close(stuck)
	letting.Wait()
	before := env.Client.Stats().Hedges
	answer := make(chan error)
	go func() { answer <- env.Client.Call(ctx, "gate.pass", nil, 100) }()
	for calls := 0; calls < 2; { // the second one is at the other instance
		if n := (<-g.entered).Value(callNumber{}); n == 100 {
			calls++
		}
	}
	g.leave <- struct{}{} // one is enough
	fmt.Println(<-answer, env.Client.Stats().Hedges-before)
	// Output: <nil> 1
}

func ExampleWithIdempotencyKey() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	heliumtest.Serve(env, "orders", new(counter))

	ctx := rpcclient.WithIdempotencyKey(context.Background(), "order-4711")
	for range 3 { // as after an error whose outcome is unknown
		fmt.Println(rpcclient.Call[int](ctx, env.Client, "orders.countA"))
	}
	// Output:
	// 1 <nil>
	// 1 <nil>
	// 1 <nil>
}

func ExampleKeyed() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	first := heliumtest.Serve(env, "carts", new(counter))
	second := heliumtest.Serve(env, "carts", new(counter))

	// All calls of a customer go to the same instance, which has the cart in its memory.
	cart := rpcclient.Keyed(env.Client, "customer-7")
	for range 10 {
		if err := cart.Call(context.Background(), "carts.countA", nil); err != nil {
			fmt.Println(err)
		}
	}
	calls := []uint64{first.Stats().Calls, second.Stats().Calls}
	fmt.Println(max(calls[0], calls[1]), min(calls[0], calls[1]))
	// Output: 10 0
}

func ExampleAll() {
	env, stop := start(rpcclient.Config{})
	defer stop()
	heliumtest.Serve(env, "math", mathsvc.New()) // a second instance

	answered := 0
	for answer := range rpcclient.All[float64](context.Background(), env.Client, "math.add", 2, 3) {
		if answer.Err != nil {
			fmt.Println(answer.Instance, answer.Err)
			continue
		}
		answered++
		fmt.Println(answer.Value)
	}
	fmt.Println(answered, "instances answered")
	// Output:
	// 5
	// 5
	// 2 instances answered
}

func ExampleInvocation_WrapReceived() {
	counting := func(next rpcclient.Handler) rpcclient.Handler {
		return func(ctx context.Context, call *rpcclient.Invocation) error {
			items, bytes := 0, 0
			call.WrapReceived(func(next rpcclient.ItemHandler) rpcclient.ItemHandler {
				return func(item []byte) error {
					items++
					bytes += len(item)
					return next(item)
				}
			})
			err := next(ctx, call)
			if call.IsStream() {
				fmt.Printf("%s.%s: %d items of %d bytes, %v\n", call.Service(), call.Method(), items, bytes, err)
			}
			return err
		}
	}
	env, stop := start(rpcclient.Config{Interceptors: []rpcclient.Interceptor{counting}})
	defer stop()

	for p, err := range rpcclient.Stream[int](context.Background(), env.Client, "math.primes", 12) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(p)
	}
	// Output:
	// 2
	// 3
	// 5
	// 7
	// 11
	// math.primes: 5 items of 5 bytes, <nil>
}
