package link

import (
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/wire"
)

// Instance is what a client has heard of an instance from itself.
type Instance struct {
	Name      string
	abilities atomic.Uint64
}

// Abilities are what the instance can do beyond what every one can, as it said last.
func (i *Instance) Abilities() wire.Abilities { return wire.Abilities(i.abilities.Load()) }

// maxInstances bounds those that are kept: names come from the wire.
const maxInstances = 10_000

// instances are those that answered lately.
type instances struct {
	mu     sync.RWMutex
	byName map[string]*Instance // guarded by mu
}

// heard returns the instance of that name, which has just said what it can do; nil if there
// are too many.
func (all *instances) heard(name []byte, abilities wire.Abilities) *Instance {
	all.mu.RLock()
	i := all.byName[string(name)]
	all.mu.RUnlock()
	if i == nil {
		if i = all.add(string(name)); i == nil {
			return nil
		}
	}
	if i.Abilities() != abilities {
		i.abilities.Store(uint64(abilities))
	}
	return i
}

func (all *instances) add(name string) *Instance {
	all.mu.Lock()
	defer all.mu.Unlock()
	i := all.byName[name]
	if i == nil && len(all.byName) < maxInstances && wire.CheckName("instance", name) == nil {
		i = &Instance{Name: name}
		if all.byName == nil {
			all.byName = make(map[string]*Instance)
		}
		all.byName[name] = i
	}
	return i
}
