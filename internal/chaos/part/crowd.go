package part

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
)

// crowd is how many services the instances that nobody serves are spread over.
const crowd = 10_000

// crowdName is the service that a number stands for.
func crowdName(n int64) string { return fmt.Sprintf("crowd%d", n%crowd) }

// lookUp asks the binders for a service of the crowd. It does so by NATS's own requests, of which
// one client can make thousands a second: lookups come from thousands of clients, and the
// binders are what is to be busy here.
func lookUp(ctx context.Context, nc *nats.Conn, name string) error {
	m, err := nc.RequestWithContext(ctx, "helium.binder.lookup."+name, []byte("{}"))
	if err != nil {
		return err
	}
	var entry binder.Entry
	if err := json.Unmarshal(m.Data, &entry); err != nil || entry.Service != name || len(entry.Records) == 0 {
		return fmt.Errorf("asked for %s, got %.200q", name, m.Data)
	}
	return nil
}

// register registers so many instances that nobody serves.
func register(ctx context.Context, registry *binder.Client, count int) error {
	const atOnce = 64
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		first   error
	)
	next := make(chan int)
	for range atOnce {
		workers.Go(func() {
			for n := range next {
				_, err := registry.Register(ctx, binder.Record{
					Service: crowdName(int64(n)), Instance: fmt.Sprintf("nobody%d", n),
					Methods: []binder.Method{{Name: "run", Signature: "run(a int64, b int64) int64", Kind: binder.KindCall}},
				})
				if err != nil {
					mu.Lock()
					if first == nil {
						first = fmt.Errorf("registration %d of %d: %w", n, count, err)
					}
					mu.Unlock()
				}
			}
		})
	}
	for n := range count {
		next <- n
	}
	close(next)
	workers.Wait()
	return first
}
