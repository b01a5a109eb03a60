package part

import (
	"context"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

type brokerPart struct {
	measured
	broker *broker.Broker
}

func startBroker(ctx context.Context, setup Broker, name string) (process.Actor, error) {
	config := broker.Config{Listen: setup.Listen, Dir: setup.Dir, Name: name, MaxStorage: setup.MaxStorage}
	if setup.Cluster != "" {
		config.Cluster = &broker.Cluster{Listen: setup.Cluster, Routes: setup.Routes}
	}
	b, err := broker.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	return &brokerPart{broker: b}, nil
}

func (p *brokerPart) Close() { p.broker.Close() }
