package peers

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/bench/benchsvc"
)

// Peers that are measured in tables of their own, beside nobody else.

// Encrypted are peers whose calls travel by TLS, direct.
func Encrypted() []string { return []string{"helium-direct-tls", "grpc-tls"} }

// Clients are peers with many clients, each with a connection of its own.
func Clients() []string { return []string{"helium-clients", "helium-direct-clients", "grpc-clients"} }

// Uneven are peers whose service has several instances, of which one is slow.
func Uneven() []string { return []string{"helium-uneven", "helium-direct-uneven", "grpc-uneven"} }

var special = []Peer{
	heliumPeerOf("helium-direct-tls"), grpcPeer{name: "grpc-tls", encrypted: true},
	many{"helium-clients", heliumPeerOf("helium")}, many{"helium-direct-clients", heliumPeerOf("helium-direct")}, many{"grpc-clients", grpcPeer{name: "grpc"}},
	heliumPeerOf("helium-uneven"), heliumPeerOf("helium-direct-uneven"), grpcPeer{name: "grpc-uneven", uneven: true},
}

var heliumSpecial = []heliumPeer{
	{Way: Way{Peer: "helium-direct-tls", Stub: StubGenerated, Direct: true}, service: "benchTLS", register: benchsvc.Register, stub: generatedStub, encrypted: true},
	{Way: Way{Peer: "helium-uneven", Stub: StubGenerated}, service: "benchUneven", register: benchsvc.Register, stub: generatedStub, uneven: true},
	{Way: Way{Peer: "helium-direct-uneven", Stub: StubGenerated, Direct: true}, service: "benchDirectUneven", register: benchsvc.Register, stub: generatedStub, uneven: true},
}

// numClients is how many clients those of many are.
const numClients = 64

// many is a peer with many clients, which call in turn.
type many struct {
	name string
	Peer
}

func (p many) Name() string { return p.name }

func (p many) Dial(ctx context.Context, at Place) (Client, error) {
	all := new(manyClients)
	for range numClients {
		c, err := p.Peer.Dial(ctx, at)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all.clients = append(all.clients, c)
	}
	return all, nil
}

type manyClients struct{ clients []Client }

func (all *manyClients) Caller(p Payload) (Call, error) {
	calls := make([]Call, len(all.clients))
	for i, c := range all.clients {
		var err error
		if calls[i], err = c.Caller(p); err != nil {
			return nil, err
		}
	}
	var next atomic.Uint64
	return func() error { return calls[next.Add(1)%uint64(len(calls))]() }, nil
}

func (all *manyClients) Close() (err error) {
	for _, c := range all.clients {
		err = errors.Join(err, c.Close())
	}
	return err
}

const (
	// numUneven is how many instances of a service there are, of which each takes usual and one slow
	// for an addition.
	numUneven = 8
	usual     = 4 * time.Millisecond
	slow      = 10 * usual
)

// unevenServices are the values of those instances.
func unevenServices() []benchsvc.Service {
	all := make([]benchsvc.Service, numUneven)
	for i := range all {
		all[i] = sleeper{benchsvc.New(), usual}
	}
	all[0] = sleeper{benchsvc.New(), slow}
	return all
}

// sleeper takes time for an addition, and no processor.
type sleeper struct {
	benchsvc.Service
	takes time.Duration
}

func (s sleeper) Add(ctx context.Context, a, b float64) (float64, error) {
	time.Sleep(s.takes)
	return s.Service.Add(ctx, a, b)
}
