package rpcclient

import (
	"slices"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// routingKey picks the instance that a call goes to, if there is one. The zero value is none.
type routingKey struct {
	hash  uint64
	given bool
}

func newRoutingKey(key string) routingKey { return routingKey{hash: wire.Hash(key), given: true} }

// candidate is an instance that a key may pick.
type candidate struct {
	to   *link.Method
	hash uint64 // of its name
}

// candidates are those of a way, by the names of the instances.
type candidates []candidate

// newCandidates hashes the names once, for all calls.
func newCandidates(at []*link.Method) candidates {
	all := make(candidates, len(at))
	for i, to := range at {
		all[i] = candidate{to, wire.Hash(to.Endpoint.Instance)}
	}
	return all
}

// pick returns the one with the greatest weight, of those that aren't to be avoided as long
// as there are any. There must be candidates.
func (all candidates) pick(key routingKey, avoid []string) *link.Method {
	var best *link.Method
	var most uint64
	for i := range all {
		c := &all[i]
		if weight := wire.Weight(key.hash, c.hash); (best == nil || weight > most) && !slices.Contains(avoid, c.to.Endpoint.Instance) {
			best, most = c.to, weight
		}
	}
	if best == nil {
		return all.pick(key, nil)
	}
	return best
}
