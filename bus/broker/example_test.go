package broker_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/bus/broker"
)

func ExampleStart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b, err := broker.Start(ctx, broker.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer b.Close()

	nc, err := b.Connect("example")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := nc.Subscribe("greet", func(m *nats.Msg) { m.Respond([]byte("hello " + string(m.Data))) }); err != nil {
		log.Fatal(err)
	}
	answer, err := nc.RequestWithContext(ctx, "greet", []byte("helium"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s; reachable from outside: %v\n", answer.Data, b.URL() != "")
	// Output: hello helium; reachable from outside: false
}

func ExampleStart_mistake() {
	_, err := broker.Start(context.Background(), broker.Config{Listen: "0.0.0.0:4222", Token: "secret"})
	fmt.Println(err)
	// Output: broker: Listen "0.0.0.0:4222" can be reached from other machines; set TLS, or listen on 127.0.0.1
}

func ExampleBroker_WaitCluster() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var routes []string
	var members []*broker.Broker
	for _, name := range []string{"a", "b", "c"} {
		b, err := broker.Start(ctx, broker.Config{Name: name, Cluster: &broker.Cluster{Routes: routes}})
		if err != nil {
			log.Fatal(err)
		}
		defer b.Close()
		routes = append(routes, b.ClusterURL())
		members = append(members, b)
	}
	for _, b := range members {
		if err := b.WaitCluster(ctx, 3); err != nil {
			log.Fatal(err)
		}
	}
	// From here on a bucket can have three replicas.
}
