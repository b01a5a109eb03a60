package keys

import (
	"math/rand/v2"
	"slices"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// candidate is an instance that the client may choose for a call.
type candidate struct {
	to        *link.Method
	hash      uint64 // of its name
	takesKeys bool   // idempotency keys
	gone      bool   // or without the method, as calls found out
}

// suits reports whether calls with such a key can go there.
func (c *candidate) suits(key *Key) bool {
	return (c.takesKeys || !key.Once) && (key.Only == "" || key.Only == c.to.Endpoint.Instance)
}

// weight is by how much the key picks a candidate; without one that is up to chance, so that each
// gets its share of what those get which are gone.
func (key *Key) weight(c *candidate) uint64 {
	if !key.Given {
		return rand.Uint64()
	}
	return wire.Weight(key.hash, c.hash)
}

// Candidates are those of a way, by the names of the instances.
type Candidates []candidate

// NewCandidates hashes the names once, for all calls.
func NewCandidates(at []*link.Method, takesKeys, gone func(instance string) bool) Candidates {
	all := make(Candidates, len(at))
	for i, to := range at {
		instance := to.Endpoint.Instance
		all[i] = candidate{to, wire.Hash(instance), takesKeys(instance), gone(instance)}
	}
	return all
}

// AreSeveral reports whether two or more of them aren't gone.
func (all Candidates) AreSeveral() bool {
	there := 0
	for i := range all {
		if !all[i].gone {
			there++
		}
	}
	return there > 1
}

// TakeKeys reports whether any of them takes idempotency keys.
func (all Candidates) TakeKeys() bool {
	return slices.ContainsFunc(all, func(c candidate) bool { return c.takesKeys })
}

// Choose returns the one that the key picks, which has the greatest weight, or without a key
// any one. What seems to be gone is chosen only if nothing else suits. It returns nil if none
// suits, or all that do are to be avoided.
func (all Candidates) Choose(key *Key, avoid []string) *link.Method {
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
