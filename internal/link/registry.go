package link

import "github.com/helium-rpc/helium/internal/wire"

// Registry is what links need of the registry, and tell those who read it. Its methods must not
// block.
type Registry interface {
	// Peers returns the instances that may have a call of a method, or with "" of any.
	Peers(service, method string) []Peer
	// Silent is told that an instance is silent, so that calls keep away from it, and that it
	// isn't any more.
	Silent(service, instance string, silent bool)
}

// Peer is an instance that may have a call.
type Peer struct {
	Name      string
	Abilities wire.Abilities // as its record says
	Away      bool           // it was found to be gone, silent or without the method, so no new calls are to be expected there
	Far       bool           // it isn't known to be in the client's own cluster
}

// noRegistry knows nothing.
type noRegistry struct{}

func (noRegistry) Peers(string, string) []Peer { return nil }
func (noRegistry) Silent(string, string, bool) {}
