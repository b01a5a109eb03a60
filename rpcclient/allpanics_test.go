package rpcclient_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/mathsvc"
	"github.com/helium-rpc/helium/rpcclient"
)

func TestAnInterceptorThatPanicsInACallToAllPanicsInTheLoop(t *testing.T) {
	panics := around(func(context.Context, *rpcclient.Invocation, rpcclient.Handler) error { panic("hm") })
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{panics}}})
	for range 3 {
		heliumtest.Serve(env, "math", mathsvc.New())
	}
	defer func() {
		if p := recover(); p != "hm" {
			t.Errorf("the loop panicked with %v, want what the interceptor panicked with", p)
		}
	}()
	for answer := range rpcclient.All[float64](t.Context(), env.Client, "math.add", 2, 3) {
		t.Errorf("got %v, want a panic", answer)
	}
}

func TestWhoEndsItsGoroutineInACallToAllEndsThatOfTheLoop(t *testing.T) {
	exits := around(func(context.Context, *rpcclient.Invocation, rpcclient.Handler) error {
		runtime.Goexit() // as t.Fatal does
		return nil
	})
	env := heliumtest.NewWith(t, heliumtest.Config{Client: rpcclient.Config{Interceptors: []rpcclient.Interceptor{exits}}})
	heliumtest.Serve(env, "math", mathsvc.New())
	ended := make(chan bool)
	go func() {
		wasBehind := false
		defer func() { ended <- wasBehind }()
		for range rpcclient.All[float64](t.Context(), env.Client, "math.add", 2, 3) {
			t.Error("an answer came of a call that nobody made")
		}
		wasBehind = true
	}()
	select {
	case wasBehind := <-ended:
		if wasBehind {
			t.Error("the loop ended without an answer, want its goroutine to have ended")
		}
	case <-time.After(patience):
		t.Fatal("the loop waits for an answer that nobody gives any more")
	}
}
