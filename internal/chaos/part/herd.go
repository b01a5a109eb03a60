package part

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/rpcclient"
)

// herd is as many clients as many programs would be, each with a connection of its own. They call
// nobody; what counts is when they come back to a broker that was gone.
type herd struct {
	connections []*nats.Conn
	clients     []*rpcclient.Client
	watching    sync.WaitGroup

	mu      sync.Mutex
	returns []int64 // guarded by mu; see Figures
}

func startHerd(ctx context.Context, setup Setup) (actor process.Actor, err error) {
	h := new(herd)
	defer func() {
		if err != nil {
			h.Close()
		}
	}()
	for i := range setup.Herd.Connections {
		one := setup
		one.Name = fmt.Sprintf("%s.%d", setup.Name, i+1)
		nc, err := connect(ctx, one)
		if err != nil {
			return nil, err
		}
		h.connections = append(h.connections, nc)
		c, err := rpcclient.New(nc, rpcclient.Config{})
		if err != nil {
			return nil, err
		}
		h.clients = append(h.clients, c)
		made := nc.StatusChanged(nats.CONNECTED, nats.CLOSED)
		h.watching.Go(func() { h.watch(made) })
	}
	return h, nil
}

// watch notes when a connection is made again, until it is closed.
func (h *herd) watch(made <-chan nats.Status) {
	for status := range made {
		if status == nats.CLOSED {
			return
		}
		h.mu.Lock()
		h.returns = append(h.returns, ledger.Nanos(time.Now()))
		h.mu.Unlock()
	}
}

func (h *herd) Ready() any { return Ready{} }

func (h *herd) Close() {
	for _, c := range h.clients {
		_ = c.Close() // it has made no calls
	}
	for _, nc := range h.connections {
		nc.Close()
	}
	h.watching.Wait()
}

func (h *herd) Do(_ context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil || c.Do != Measure {
		return cannot(c)
	}
	figures := measure()
	h.mu.Lock()
	defer h.mu.Unlock()
	figures.Returns = h.returns
	return figures, nil
}
