package process

import (
	"context"

	"github.com/helium-rpc/helium/bench/peers"
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/bus/broker"
)

// startBroker starts a broker, which listens if an address is given, and a binder.
func (p *part) startBroker(ctx context.Context, listen string) (*broker.Broker, error) {
	b, err := broker.Start(ctx, broker.Config{Listen: listen})
	if err != nil {
		return nil, err
	}
	p.onClose(func() error { b.Close(); return nil })
	nc, err := b.Connect("binder")
	if err != nil {
		return nil, err
	}
	registry, err := binder.Start(ctx, nc, binder.Config{Memory: true})
	if err != nil {
		return nil, err
	}
	p.onClose(func() error { registry.Close(); return nil })
	return b, nil
}

func (p *part) startServer(ctx context.Context, peer peers.Peer, at peers.Place) error {
	server, err := peer.Serve(ctx, at)
	if err != nil {
		return err
	}
	p.address = server.Address()
	p.onClose(server.Close)
	return nil
}

func (p *part) startClient(ctx context.Context, peer peers.Peer, at peers.Place) error {
	client, err := peer.Dial(ctx, at)
	if err != nil {
		return err
	}
	p.client, p.traffic = client, at.Traffic
	p.onClose(func() error {
		_ = client.Close() // its server may be gone, on purpose
		return nil
	})
	return nil
}

func (p *part) startWhole(ctx context.Context, peer peers.Peer) error {
	var b *broker.Broker
	if peer.OnBus() {
		var err error
		if b, err = p.startBroker(ctx, ""); err != nil {
			return err
		}
	}
	atServer, atClient := peers.OneProcess(b)
	if err := p.startServer(ctx, peer, atServer); err != nil {
		return err
	}
	return p.startClient(ctx, peer, atClient)
}
