package link

import (
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/wire"
)

// Instance is what a client has heard of an instance of a service from itself. One that serves
// several services counts for as many, as nothing vouches for what it says of itself but that
// calls of that service reached it.
type Instance struct {
	Service, Name string
	abilities     atomic.Uint64
	heard         atomic.Uint64 // the latest beat of the client's vigil in which it was heard; 0: in none
}

// hear takes note that something came from the instance in a beat.
func (i *Instance) hear(beat uint64) {
	if i.heard.Load() != beat {
		i.heard.Store(beat)
	}
}

// says takes note of what the instance says that it can do.
func (i *Instance) says(abilities wire.Abilities) {
	if i.Abilities() != abilities {
		i.abilities.Store(uint64(abilities))
	}
}

// promises reports whether the instance sends this client heartbeats: as it said itself, or if it
// was never heard, as its record says.
func (i *Instance) promises(record wire.Abilities) bool {
	if i.heard.Load() != 0 {
		record = i.Abilities()
	}
	return record.Has(wire.Heartbeats)
}

// Abilities are what the instance can do beyond what every one can, as it said last.
func (i *Instance) Abilities() wire.Abilities { return wire.Abilities(i.abilities.Load()) }

// maxInstances bounds those that are kept: names come from the wire.
const maxInstances = 10_000

// instances are those that answered lately.
type instances struct {
	beat atomic.Uint64 // the present one of the vigil's

	mu    sync.RWMutex
	known map[instanceName]*Instance // guarded by mu
}

type instanceName struct{ service, name string }

// heard returns the instance of that name, which has just answered a call of the service and
// said what it can do; nil if there are too many.
func (all *instances) heard(service string, name []byte, abilities wire.Abilities) *Instance {
	all.mu.RLock()
	i := all.known[instanceName{service, string(name)}]
	all.mu.RUnlock()
	if i == nil {
		if i = all.add(instanceName{service, string(name)}); i == nil {
			return nil
		}
	}
	i.says(abilities)
	return i
}

// named returns the instance of that name, whether it was heard or not; nil if there are too
// many.
func (all *instances) named(service, name string) *Instance {
	of := instanceName{service, name}
	all.mu.RLock()
	i := all.known[of]
	all.mu.RUnlock()
	if i == nil {
		i = all.add(of)
	}
	return i
}

func (all *instances) add(of instanceName) *Instance {
	all.mu.Lock()
	defer all.mu.Unlock()
	i := all.known[of]
	if i == nil && len(all.known) < maxInstances && wire.CheckName("instance", of.name) == nil {
		i = &Instance{Service: of.service, Name: of.name}
		if all.known == nil {
			all.known = make(map[instanceName]*Instance)
		}
		all.known[of] = i
	}
	return i
}

// prune lets go of a service's instances that aren't there.
func (all *instances) prune(service string, isThere func(instance string) bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for of := range all.known {
		if of.service == service && !isThere(of.name) {
			delete(all.known, of)
		}
	}
}
