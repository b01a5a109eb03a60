package part

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/process"
	"github.com/helium-rpc/helium/rpcserver"
)

type serverPart struct {
	nc     *nats.Conn
	server *rpcserver.Server
	books  *ledger.Writer
}

func startServer(ctx context.Context, nc *nats.Conn, setup Server, file string) (process.Actor, error) {
	books, err := ledger.Create(file)
	if err != nil {
		return nil, err
	}
	srv := rpcserver.New(nc, setup.config())
	w := &work{instance: srv.Instance(), books: books, laps: lapsEachMillisecond(), slowBy: setup.SlowBy, slowEach: setup.SlowEach}
	err = rpcserver.Register(srv, cmp.Or(setup.Service, ServiceName), w, rpcserver.Idempotent("again"))
	if err == nil {
		err = srv.Start(ctx)
	}
	if err != nil {
		_ = books.Close()
		return nil, err
	}
	return &serverPart{nc, srv, books}, nil
}

func (p *serverPart) Ready() any { return Ready{Instance: p.server.Instance()} }

// Close ends the server without waiting for calls: whoever wants that asks for Stop before.
func (p *serverPart) Close() {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	_ = p.server.Shutdown(now) // says how many calls it cut
	p.nc.Close()
	// The books stay open: handlers that took no notice of their end may still write.
}

func (p *serverPart) Do(ctx context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil {
		return nil, err
	}
	switch c.Do {
	case Measure:
		figures, stats := measure(), p.server.Stats()
		figures.Server = &stats
		return figures, nil
	case Stop:
		return nil, p.server.Shutdown(ctx)
	}
	return cannot(c)
}
