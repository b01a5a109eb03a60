package binder_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
)

func Example() {
	ctx := context.Background()
	b, err := broker.Start(ctx, broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()
	nc, err := b.Connect("example")
	if err != nil {
		log.Fatal(err)
	}
	reg, err := binder.Start(ctx, nc, binder.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	defer reg.Close()

	c, err := binder.NewClient(nc, "")
	if err != nil {
		log.Fatal(err)
	}
	lease, err := c.Register(ctx, binder.Record{
		Service: "math", Instance: "i1", Version: "1.2.0",
		Methods: []binder.Method{{Name: "add", Signature: "add(a float64, b float64) float64"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("renew each", lease/3)

	entry, err := c.Lookup(ctx, "add")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(entry.Service, entry.Method, entry.Records[0])
	_, err = c.Lookup(ctx, "maht")
	fmt.Println(err)

	// Output:
	// renew each 10s
	// math add math/i1 1.2.0
	// no service and no method "maht" is registered; did you mean math?
}
