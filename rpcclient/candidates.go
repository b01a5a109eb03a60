package rpcclient

import (
	"math/rand/v2"
	"slices"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// routingKey picks the instance that a call goes to, if there is one. The zero value is none.
type routingKey struct {
	hash  uint64
	only  string // not empty: only this instance
	given bool
	once  bool // the call has an idempotency key; only instances that take them
}

func newRoutingKey(key string) routingKey { return routingKey{hash: wire.Hash(key), given: true} }

// candidate is an instance that the client may choose for a call.
type candidate struct {
	to        *link.Method
	hash      uint64 // of its name
	takesKeys bool   // idempotency keys
}

// suits reports whether calls with such a key can go there.
func (c *candidate) suits(key routingKey) bool {
	return (c.takesKeys || !key.once) && (key.only == "" || key.only == c.to.Endpoint.Instance)
}

// candidates are those of a way, by the names of the instances.
type candidates []candidate

// newCandidates hashes the names once, for all calls.
func newCandidates(at []*link.Method, takesKeys func(instance string) bool) candidates {
	all := make(candidates, len(at))
	for i, to := range at {
		instance := to.Endpoint.Instance
		all[i] = candidate{to, wire.Hash(instance), takesKeys(instance)}
	}
	return all
}

// takeKeys reports whether any of them takes idempotency keys.
func (all candidates) takeKeys() bool {
	return slices.ContainsFunc(all, func(c candidate) bool { return c.takesKeys })
}

// choose returns the one that the key picks, which has the greatest weight, or without a key
// any one. It returns nil if none suits, or all those are to be avoided.
func (all candidates) choose(key routingKey, avoid []string) *link.Method {
	if !key.given {
		return all.any(avoid)
	}
	var best *link.Method
	var most uint64
	for i := range all {
		c := &all[i]
		if weight := wire.Weight(key.hash, c.hash); (best == nil || weight > most) && c.suits(key) && !slices.Contains(avoid, c.to.Endpoint.Instance) {
			best, most = c.to, weight
		}
	}
	return best
}

func (all candidates) any(avoid []string) *link.Method {
	if len(all) == 0 {
		return nil
	}
	first := rand.IntN(len(all))
	for i := range all {
		if to := all[(first+i)%len(all)].to; !slices.Contains(avoid, to.Endpoint.Instance) {
			return to
		}
	}
	return nil
}
