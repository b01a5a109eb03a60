package part

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

type binderPart struct {
	measured
	nc     *nats.Conn
	binder *binder.Binder
}

func startBinder(ctx context.Context, nc *nats.Conn, setup Binder) (process.Actor, error) {
	b, err := binder.Start(ctx, nc, binder.Config{Lease: setup.Lease, Replicas: setup.Replicas, Memory: setup.Memory})
	if err != nil {
		return nil, err
	}
	return &binderPart{nc: nc, binder: b}, nil
}

func (p *binderPart) Close() {
	p.binder.Close()
	p.nc.Close()
}
