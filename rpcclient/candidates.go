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
	gone      bool   // or without the method, as calls found out
}

// suits reports whether calls with such a key can go there.
func (c *candidate) suits(key *routingKey) bool {
	return (c.takesKeys || !key.once) && (key.only == "" || key.only == c.to.Endpoint.Instance)
}

// weight is by how much the key picks a candidate; without one that is up to chance, so that each
// gets its share of what those get which are gone.
func (key *routingKey) weight(c *candidate) uint64 {
	if !key.given {
		return rand.Uint64()
	}
	return wire.Weight(key.hash, c.hash)
}

// candidates are those of a way, by the names of the instances.
type candidates []candidate

// newCandidates hashes the names once, for all calls.
func newCandidates(at []*link.Method, takesKeys, gone func(instance string) bool) candidates {
	all := make(candidates, len(at))
	for i, to := range at {
		instance := to.Endpoint.Instance
		all[i] = candidate{to, wire.Hash(instance), takesKeys(instance), gone(instance)}
	}
	return all
}

// areSeveral reports whether two or more of them aren't gone.
func (all candidates) areSeveral() bool {
	there := 0
	for i := range all {
		if !all[i].gone {
			there++
		}
	}
	return there > 1
}

// takeKeys reports whether any of them takes idempotency keys.
func (all candidates) takeKeys() bool {
	return slices.ContainsFunc(all, func(c candidate) bool { return c.takesKeys })
}

// choose returns the one that the key picks, which has the greatest weight, or without a key
// any one. What seems to be gone is chosen only if nothing else suits. It returns nil if none
// suits, or all that do are to be avoided.
func (all candidates) choose(key *routingKey, avoid []string) *link.Method {
	var best, lost *candidate
	var most, mostLost uint64
	others := false // that aren't gone, and perhaps to be avoided
	for i := range all {
		c := &all[i]
		if !c.suits(key) {
			continue
		}
		others = others || !c.gone
		weight := key.weight(c)
		to, heaviest := &best, &most
		if c.gone {
			to, heaviest = &lost, &mostLost
		}
		if (*to == nil || weight > *heaviest) && !slices.Contains(avoid, c.to.Endpoint.Instance) {
			*to, *heaviest = c, weight
		}
	}
	if !others {
		best = lost
	}
	if best == nil {
		return nil
	}
	return best.to
}
