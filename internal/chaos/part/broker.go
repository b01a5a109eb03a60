package part

import (
	"context"
	"encoding/json"

	"github.com/helium-rpc/helium/bus/broker"
	"github.com/helium-rpc/helium/internal/chaos/process"
)

type brokerPart struct{ broker *broker.Broker }

func startBroker(ctx context.Context, setup Broker, name string) (process.Actor, error) {
	config := broker.Config{Listen: setup.Listen, Dir: setup.Dir, Name: name, MaxStorage: setup.MaxStorage}
	if setup.Cluster != "" {
		config.Cluster = &broker.Cluster{Listen: setup.Cluster, Routes: setup.Routes}
	}
	b, err := broker.Start(ctx, config)
	if err != nil {
		return nil, err
	}
	return &brokerPart{b}, nil
}

func (p *brokerPart) Ready() any { return Ready{} }

func (p *brokerPart) Close() { p.broker.Close() }

func (p *brokerPart) Do(_ context.Context, text json.RawMessage) (any, error) {
	c, err := readCommand(text)
	if err != nil || c.Do != Measure {
		return cannot(c)
	}
	return measure(), nil
}
