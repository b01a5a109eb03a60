// Package peers has Helium and what it is measured against, a file each, behind one
// small interface: serve benchsvc.Service at a place, dial it from there, make calls.
package peers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Timeout is the deadline of each call, for every peer that has deadlines. It is
// Helium's own default.
const Timeout = 10 * time.Second

// Peer is one way of making calls.
type Peer interface {
	// Name is what flags and tables call the peer.
	Name() string
	// OnBus says whether calls go through the NATS broker.
	OnBus() bool
	// Serve serves benchsvc.Service until the Server is closed.
	Serve(ctx context.Context, at Place) (Server, error)
	// Dial returns a client with one connection, or with as many as the peer's own
	// pool makes. It may succeed while nobody serves.
	Dial(ctx context.Context, at Place) (Client, error)
}

// Server serves.
type Server interface {
	// Address is where clients of other processes find the server; "" on the bus.
	Address() string
	Close() error
}

// Client makes calls.
type Client interface {
	// Caller prepares calls that carry a payload.
	Caller(p Payload) (Call, error)
	Close() error
}

// Call makes a call and checks its answer. It is safe for concurrent use.
type Call func() error

// All returns every peer that is compared with others, Helium's ways of calling first; of those
// only some, see Ways.
func All() []Peer {
	return []Peer{
		heliumPeerOf("helium"), heliumPeerOf("helium-direct"), heliumPeerOf("helium-func"), heliumPeerOf("helium-call"),
		natsPeer{}, microPeer{}, grpcPeer{name: "grpc"}, connectPeer{}, drpcPeer{}, rpcxPeer{}, arpcPeer{}, netrpcPeer{},
	}
}

// IsHelium tells Helium's own ways of calling from those of others.
func IsHelium(name string) bool { return strings.HasPrefix(name, "helium") }

// CountsTraffic reports whether [Traffic] sees what a peer's calls are made of. It doesn't see direct
// links, which Helium opens by itself, nor where gRPC chooses whom it dials.
func CountsTraffic(name string) bool {
	peer, err := ByName(name)
	if err != nil {
		return false
	}
	if all, ok := peer.(many); ok {
		peer = all.Peer
	}
	switch p := peer.(type) {
	case *heliumPeer:
		return !p.Direct
	case grpcPeer:
		return !p.uneven
	}
	return true
}

// ByName returns a peer.
func ByName(name string) (Peer, error) {
	if p := heliumPeerOf(name); p != nil {
		return p, nil
	}
	all := append(All(), special...)
	i := slices.IndexFunc(all, func(p Peer) bool { return p.Name() == name })
	if i < 0 {
		var names []string
		for _, p := range All() {
			names = append(names, p.Name())
		}
		return nil, fmt.Errorf("no peer is called %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}
