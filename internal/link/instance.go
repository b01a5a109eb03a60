package link

import (
	"maps"
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
	met           atomic.Bool   // it has answered a call
	answers       atomic.Bool   // it has answered a question, so its subjects lead there
	vain          uint64        // the vigil's: the latest beat in which a question to it was refused, or nobody there to hear it
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

// maxInstances bounds those of a service that are kept: names come from the wire, and a service that
// makes them up takes the room from itself alone.
const maxInstances = 10_000

// instances are those that answered lately.
type instances struct {
	beat atomic.Uint64 // the present one of the vigil's

	mu    sync.RWMutex
	known map[string]map[string]*Instance // guarded by mu; by service and name
}

// heard returns the instance of that name, which has just answered a call of the service and
// said what it can do; nil if there are too many.
func (all *instances) heard(service string, name []byte, abilities wire.Abilities) *Instance {
	all.mu.RLock()
	i := all.known[service][string(name)]
	all.mu.RUnlock()
	if i == nil {
		if i = all.add(service, string(name)); i == nil {
			return nil
		}
	}
	i.says(abilities)
	return i
}

// named returns the instance of that name, whether it was heard or not; nil if there are too
// many.
func (all *instances) named(service, name string) *Instance {
	all.mu.RLock()
	i := all.known[service][name]
	all.mu.RUnlock()
	if i == nil {
		i = all.add(service, name)
	}
	return i
}

func (all *instances) add(service, name string) *Instance {
	all.mu.Lock()
	defer all.mu.Unlock()
	of := all.known[service]
	i := of[name]
	if i == nil && len(of) < maxInstances && wire.CheckName("instance", name) == nil {
		i = &Instance{Service: service, Name: name}
		if of == nil {
			of = make(map[string]*Instance)
			if all.known == nil {
				all.known = make(map[string]map[string]*Instance)
			}
			all.known[service] = of
		}
		of[name] = i
	}
	return i
}

// prune lets go of a service's instances that aren't there.
func (all *instances) prune(service string, isThere func(instance string) bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	of := all.known[service]
	maps.DeleteFunc(of, func(name string, _ *Instance) bool { return !isThere(name) })
	if len(of) == 0 {
		delete(all.known, service)
	}
}
