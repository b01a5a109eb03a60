package part

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/rpcclient"
)

type clientPart struct {
	nc       *nats.Conn
	setup    Client
	client   *rpcclient.Client
	registry *binder.Client
	books    *ledger.Writer
}

func startClient(nc *nats.Conn, setup Client, file string) (process.Actor, error) {
	c, err := rpcclient.New(nc, rpcclient.Config{Hedge: setup.Hedge, BusOnly: setup.BusOnly})
	if err != nil {
		return nil, err
	}
	registry, err := binder.NewClient(nc, "")
	if err != nil {
		return nil, err
	}
	books, err := ledger.Create(file)
	if err != nil {
		return nil, err
	}
	return &clientPart{nc, setup, c, registry, books}, nil
}

func (p *clientPart) Ready() any { return Ready{} }

func (p *clientPart) Close() {
	_ = p.client.Close() // without a broker, one-way calls may not have left; there are none
	p.nc.Close()
	_ = p.books.Close()
}

func (p *clientPart) Do(ctx context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil {
		return nil, err
	}
	if c.Within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Within)
		defer cancel()
	}
	switch c.Do {
	case Measure:
		figures, stats := measure(), p.client.Stats()
		figures.Client = &stats
		return figures, nil
	case Call:
		if slices.ContainsFunc(c.Loads, Load.isHeavy) {
			defer debug.SetGCPercent(debug.SetGCPercent(400)) // collecting garbage would make answers seem late
		}
		var loads sync.WaitGroup
		for _, l := range c.Loads {
			loads.Go(func() { carry(ctx, l, c.Start, p.caller(l), p.books) })
		}
		loads.Wait()
		return nil, nil
	case Warm:
		return nil, p.warm(ctx)
	case Register:
		return nil, register(ctx, p.registry, c.Count)
	case Wipe:
		js, err := p.nc.JetStream(nats.Context(ctx))
		if err != nil {
			return nil, err
		}
		return nil, js.DeleteKeyValue("helium_registry")
	}
	return cannot(c)
}

// warm calls until an answer comes, as a client whose node of a cluster hasn't heard of a
// server yet can't be told from one without a server, and until all direct links stand. The calls
// have the number Unjudged.
func (p *clientPart) warm(ctx context.Context) error {
	for {
		_, err := rpcclient.Call[int64](ctx, p.client, ServiceName+".again", Unjudged, 0)
		if links := p.client.Stats().DirectLinks; err == nil && links < p.setup.Links {
			err = fmt.Errorf("there are %d direct links of %d: %+v", links, p.setup.Links, p.client.DirectLinks())
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil || !sleepUntil(ctx, time.Now().Add(50*time.Millisecond)) {
			return fmt.Errorf("no answer: %w", err)
		}
	}
}

// caller returns what makes one call of a load.
func (p *clientPart) caller(l Load) caller {
	if l.Method == Lookup {
		return returning(func(ctx context.Context, id int64) (int64, error) {
			if l.Service == "" {
				return id, lookUp(ctx, p.nc, crowdName(id))
			}
			entry, err := p.registry.Lookup(ctx, l.Service)
			if err == nil && entry.Service != l.Service {
				err = fmt.Errorf("asked for %s, got %s", l.Service, entry.Service)
			}
			return id, err
		})
	}
	if call := streamCaller(p.client, l); call != nil {
		return call
	}
	switch l.Method {
	case Everywhere:
		return everywhereCaller(p.client)
	case carryMethod:
		return largeCaller(p.client, l)
	case Registry:
		return registryCaller(p.registry)
	case Single:
		return handCaller(p.nc, truth())
	case Misdated:
		return handCaller(p.nc, lies())
	case ponderMethod:
		return ponderCaller(p.client, l)
	}
	method, micros := cmp.Or(l.Service, ServiceName)+"."+l.Method, l.Work.Microseconds()
	call := func(ctx context.Context, id int64) (int64, error) {
		return rpcclient.Call[int64](ctx, p.client, method, id, micros)
	}
	if l.Once {
		call = untilKnown(call)
	}
	return returning(call)
}

// untilKnown makes a call with its number as idempotency key again and again, as a program does
// that has to know.
func untilKnown(call func(context.Context, int64) (int64, error)) func(context.Context, int64) (int64, error) {
	return func(ctx context.Context, id int64) (int64, error) {
		ctx = rpcclient.WithIdempotencyKey(ctx, fmt.Sprint(id))
		for {
			got, err := call(ctx, id)
			if err == nil || helium.OutcomeOf(err) == helium.Executed || !sleepUntil(ctx, time.Now().Add(20*time.Millisecond)) {
				return got, err
			}
		}
	}
}
