package bus_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus"
	"github.com/helium-rpc/helium/bus/broker"
)

func ExampleConnect() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// Any NATS server will do; this one is for the example.
	b, err := broker.Start(ctx, broker.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	nc, err := bus.Connect(ctx, bus.Config{URL: b.URL(), Name: "example", Wait: true})
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()

	if _, err := nc.Subscribe("greet", func(m *nats.Msg) { m.Respond([]byte("hello " + string(m.Data))) }); err != nil {
		log.Fatal(err)
	}
	answer, err := nc.RequestWithContext(ctx, "greet", []byte("helium"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer.Data))
	// Output: hello helium
}

func ExampleConnect_mistake() {
	_, err := bus.Connect(context.Background(), bus.Config{URL: "nats://127.0.0.1:4222", Token: "secret", User: "alice"})
	fmt.Println(err)
	// Output: bus: the Config holds several kinds of credentials: User and Password, Token; keep one
}
