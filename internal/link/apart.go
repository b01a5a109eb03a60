package link

import (
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/wire"
)

// apart says whether the calls to an endpoint leave apart, each in a message of its own: some
// instance there answers each message by one message only, so calls that shared one would
// wait for each other. Instances say so themselves, with their answers, and in their records.
type apart struct {
	yes atomic.Bool // some name is there

	mu    sync.Mutex
	names map[string]bool // guarded by mu; of the instances that answer so
}

// heard takes in what an instance has just said of itself. It is called for each answer.
func (a *apart) heard(i *Instance) {
	once := i.Abilities().Has(wire.AnswersOnce)
	if !once && !a.yes.Load() {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if once != a.names[i.Name] {
		a.setLocked(i.Name, once)
	}
}

// told takes in what the registry says: which instances are there, and which answer once.
// Another one that has said so itself does so to this client all the same.
func (a *apart) told(isThere func(instance string) bool, once []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name := range a.names {
		if !isThere(name) {
			a.setLocked(name, false)
		}
	}
	for _, name := range once {
		a.setLocked(name, true)
	}
}

func (a *apart) setLocked(name string, once bool) {
	if !once {
		delete(a.names, name)
	} else {
		if a.names == nil {
			a.names = make(map[string]bool)
		}
		a.names[name] = true
	}
	a.yes.Store(len(a.names) > 0)
}
