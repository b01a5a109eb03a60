package part

import (
	"context"
	"encoding/json"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

type binderPart struct {
	nc     *nats.Conn
	binder *binder.Binder
}

func startBinder(ctx context.Context, nc *nats.Conn, setup Binder) (process.Actor, error) {
	b, err := binder.Start(ctx, nc, binder.Config{Lease: setup.Lease, Replicas: setup.Replicas, Memory: setup.Memory})
	if err != nil {
		return nil, err
	}
	return &binderPart{nc, b}, nil
}

func (p *binderPart) Ready() any { return Ready{} }

func (p *binderPart) Close() {
	p.binder.Close()
	p.nc.Close()
}

func (p *binderPart) Do(_ context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil || c.Do != Measure {
		return cannot(c)
	}
	return measure(), nil
}
