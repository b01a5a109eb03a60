package binder

import (
	"fmt"
	"strings"
	"testing"

	"github.com/helium-rpc/helium/bus/broker"
)

// crowd writes 20,000 records of 1,000 services, 10 methods each, into the bucket.
func crowd(b *testing.B) (*broker.Broker, *Client) {
	br := startBroker(b, broker.Config{})
	reg := startBinder(b, connect(b, br), Config{Memory: true})
	js := streams(b, connect(b, br))
	methods := make([]string, 10)
	for i := range 20_000 {
		for m := range methods {
			methods[m] = fmt.Sprintf("m%d-%d", i%1000, m)
		}
		r := record(fmt.Sprintf("service-%d", i%1000), fmt.Sprintf("i%d", i), methods...)
		r.Methods[0].Doc = strings.Repeat("d", 500)
		data, err := r.encode()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := js.PublishAsync("$KV.helium_registry."+r.key(), data); err != nil {
			b.Fatal(err)
		}
	}
	<-js.PublishAsyncComplete()
	reg.Close()
	return br, newClient(b, connect(b, br))
}

func BenchmarkStartWith20000Records(b *testing.B) {
	br, _ := crowd(b)
	for b.Loop() {
		startBinder(b, connect(b, br), Config{}).Close()
	}
}

func BenchmarkRequestsAmong20000Records(b *testing.B) {
	br, c := crowd(b)
	startBinder(b, connect(b, br), Config{})
	for what, request := range map[string]func() error{
		"Lookup":       func() error { _, err := c.Lookup(b.Context(), "service-7"); return err },
		"LookupMethod": func() error { _, err := c.Lookup(b.Context(), "m7-3"); return err },
		"Unknown":      func() error { _, _ = c.Lookup(b.Context(), "servise-77x"); return nil },
		"Renew":        func() error { _, err := c.Renew(b.Context(), "service-7", "i7"); return err },
		"List":         func() error { _, err := c.List(b.Context()); return err },
	} {
		b.Run(what, func(b *testing.B) {
			for b.Loop() {
				if err := request(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
