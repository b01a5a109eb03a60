package rpcclient

import (
	"log/slog"
	"sync"

	"github.com/helium-rpc/helium/internal/directory"
	"github.com/helium-rpc/helium/internal/link"
)

// twice takes note of services whose calls NATS delivers to two instances: an account that
// imports a service and has instances of it itself gets each call for any of them delivered to
// one of its own and to one of the other account's. Both run it. What only one instance
// subscribes to is delivered once, so from then on the calls go to single instances.
type twice struct {
	log       *slog.Logger
	directory *directory.Directory

	mu     sync.Mutex
	logged map[string]bool // guarded by mu; by service
}

// note takes note of a call that two instances answered; see [link.Events].
func (t *twice) note(first, second *link.Instance) {
	name := first.Service
	if service := t.directory.Known(name); service != nil {
		service.Found(directory.RunsTwice, "", "")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.logged[name] {
		return
	}
	if t.logged == nil {
		t.logged = make(map[string]bool)
	}
	t.logged[name] = true
	t.log.Warn("two instances answered the same call, so it ran twice, as calls of the service do that go to any instance; "+
		"from now on they go to single instances, where the user may publish to those. "+
		"NATS delivers twice where an account imports a service and has instances of it itself: run them in one of the accounts alone",
		"service", name, "instances", []string{first.Name, second.Name})
}
