package docs_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/heliumtest"
	"github.com/helium-rpc/helium/rpcclient"
	"github.com/helium-rpc/helium/rpcserver"
)

// The Go code of the README stands in this file line for line, so it compiles and works.

type Greeter interface {
	Greet(ctx context.Context, name string) (string, error)
	Farewells(ctx context.Context, names iter.Seq2[string, error]) iter.Seq2[string, error]
}

type polite struct{}

func (polite) Greet(_ context.Context, name string) (string, error) {
	return "Good day, " + name, nil
}

func (polite) Farewells(_ context.Context, names iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for name, err := range names {
			if !yield("Good night, "+name, err) {
				return
			}
		}
	}
}

func TestTheReadmesServiceIsServedAndCalled(t *testing.T) {
	b, err := broker.Start(t.Context(), broker.Config{Listen: "127.0.0.1:0"})
	check(t, err)
	t.Cleanup(b.Close)
	binderConn, err := b.Connect("binder")
	check(t, err)
	reg, err := binder.Start(t.Context(), binderConn, binder.Config{})
	check(t, err)
	t.Cleanup(reg.Close)
	t.Setenv("NATS_URL", b.URL())

	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- serveAsTheReadmeSays(ctx) }()
	callAsTheReadmeSays(t)
	stop()
	check(t, <-served)
}

func serveAsTheReadmeSays(ctx context.Context) error {
	nc, err := bus.Connect(ctx, bus.Config{Name: "greeter"}) // $NATS_URL, else localhost
	if err != nil {
		return err
	}
	defer nc.Close()
	srv := rpcserver.New(nc, rpcserver.Config{})
	err = rpcserver.Register[Greeter](srv, "greeter", polite{})
	if err != nil {
		return err
	}
	err = srv.Run(ctx) // serves until ctx ends, then drains
	return err
}

func callAsTheReadmeSays(t *testing.T) {
	ctx := t.Context()
	nc, err := bus.Connect(ctx, bus.Config{})
	check(t, err)
	defer nc.Close()
	c, err := rpcclient.New(nc, rpcclient.Config{})
	check(t, err)
	defer c.Close()
	waitForTheGreeter(t, c)
	text, err := rpcclient.Call[string](ctx, c, "greeter.greet", "Ada")
	check(t, err)
	checkGreeting(t, text)

	var greeter struct {
		Greet func(ctx context.Context, name string) (string, error)
	}
	err = c.Bind("greeter", &greeter) // checked against the registry now, or at the first call
	check(t, err)
	text, err = greeter.Greet(ctx, "Ada")
	check(t, err)
	checkGreeting(t, text)

	for answer := range rpcclient.All[string](ctx, c, "greeter.greet", "Ada") {
		fmt.Println(answer.Instance, answer.Value, answer.Err)
		check(t, answer.Err)
		checkGreeting(t, answer.Value)
	}
	check(t, streamAsTheReadmeSays(ctx, c))
	callWithMoreAsTheReadmeSays(t, nc, c)
}

func streamAsTheReadmeSays(ctx context.Context, c *rpcclient.Client) error {
	var texts []string
	names := func(yield func(string, error) bool) {
		_ = yield("Ada", nil) && yield("Grace", nil)
	}
	for text, err := range rpcclient.Stream[string](ctx, c, "greeter.farewells", names) {
		if err != nil {
			return err // the last item
		}
		fmt.Println(text)
		texts = append(texts, text)
	}
	if want := []string{"Good night, Ada", "Good night, Grace"}; !slices.Equal(texts, want) {
		return fmt.Errorf("the stream says %q, want %q", texts, want)
	}
	return nil
}

func callWithMoreAsTheReadmeSays(t *testing.T, nc *nats.Conn, c *rpcclient.Client) {
	var text string
	var err error
	ctx := t.Context()
	basket := rpcclient.Keyed(c, "customer-7") // its calls go to one instance, that of the key
	text, err = rpcclient.Call[string](ctx, basket, "greeter.greet", "Ada")
	check(t, err)
	checkGreeting(t, text)

	once := rpcclient.WithIdempotencyKey(ctx, "order-4711") // of a method's calls under it one runs
	text, err = rpcclient.Call[string](once, c, "greeter.greet", "Ada")
	check(t, err)
	checkGreeting(t, text)

	hedging, err := rpcclient.New(nc, rpcclient.Config{Hedge: true}) // asks a second instance when the first is slow
	check(t, err)
	defer hedging.Close()
	text, err = rpcclient.Call[string](ctx, hedging, "greeter.greet", "Ada")
	check(t, err)
	checkGreeting(t, text)
}

// waitForTheGreeter waits until the server, which starts meanwhile, can be called.
func waitForTheGreeter(t *testing.T, c *rpcclient.Client) {
	t.Helper()
	for giveUp := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		_, err := rpcclient.Call[string](t.Context(), c, "greeter.greet", "Ada")
		if err == nil {
			return
		}
		if time.Now().After(giveUp) {
			t.Fatalf("the greeter doesn't answer: %v", err)
		}
	}
}

func TestTheReadmesServerThatListensIsCalledDirectly(t *testing.T) {
	env := heliumtest.New(t)
	nc := env.Conn("greeter")
	srv := rpcserver.New(nc, rpcserver.Config{Listen: ":0"}) // TLS beyond this machine, no certificate
	check(t, rpcserver.Register[Greeter](srv, "greeter", polite{}))
	check(t, srv.Start(t.Context()))
	t.Cleanup(func() { check(t, srv.Shutdown(context.Background())) })
	for giveUp := time.Now().Add(time.Minute); srv.Stats().DirectCalls == 0; time.Sleep(10 * time.Millisecond) {
		text, err := rpcclient.Call[string](t.Context(), env.Client, "greeter.greet", "Ada")
		check(t, err)
		checkGreeting(t, text)
		if time.Now().After(giveUp) {
			t.Fatalf("no call came directly: %+v", env.Client.DirectLinks())
		}
	}
}

func TestTheReadmesStreamIsReadAndAllInstancesAnswer(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[Greeter](env, "greeter", polite{})
	ctx, c := t.Context(), env.Client
	check(t, streamAsTheReadmeSays(ctx, c))
	answers := 0
	for answer := range rpcclient.All[string](ctx, c, "greeter.greet", "Ada") {
		check(t, answer.Err)
		checkGreeting(t, answer.Value)
		answers++
	}
	if answers != 1 {
		t.Errorf("%d instances answered, want the one that there is", answers)
	}
}

func TestTheReadmesTestTakesTwoLines(t *testing.T) {
	env := heliumtest.New(t)
	heliumtest.Serve[Greeter](env, "greeter", polite{})
	text, err := rpcclient.Call[string](t.Context(), env.Client, "greeter.greet", "Ada")
	check(t, err)
	checkGreeting(t, text)
}

func TestTheReadmeShowsTheCodeThatIsTestedHere(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	check(t, err)
	code, err := os.ReadFile("readme_test.go")
	check(t, err)
	tested := make(map[string]bool)
	for line := range strings.Lines(string(code)) {
		tested[strings.TrimSpace(line)] = true
	}
	lines := 0
	for i, block := range strings.Split(string(readme), "```") {
		if i%2 == 0 || !strings.HasPrefix(block, "go\n") {
			continue
		}
		for line := range strings.Lines(strings.TrimPrefix(block, "go\n")) {
			lines++
			if line := strings.TrimSpace(line); line != "" && line != "…" && !tested[line] {
				t.Errorf("the README shows %q, which no test runs", line)
			}
		}
	}
	if lines < 10 {
		t.Errorf("the README shows %d lines of Go, want some", lines)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func checkGreeting(t *testing.T, text string) {
	t.Helper()
	if want := "Good day, Ada"; text != want {
		t.Errorf("got %q, want %q", text, want)
	}
}
