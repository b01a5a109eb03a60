package directory

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// Config says how a directory learns. Binders is required.
type Config struct {
	// Binders answers the questions.
	Binders *binder.Client
	// Subjects are those of the deployment.
	Subjects wire.Subjects
	// Timeout is how long a lookup waits for its answer, though a second at least.
	Timeout time.Duration
	// Changed is told of each new view of a service, and with nil when the service is
	// forgotten. It must not call the directory. Default: nobody is told.
	Changed func(service string, view *View)
}

// Directory is what a client knows of the registry. It is safe for concurrent use.
type Directory struct {
	config    Config
	questions *questions
	names     names
	born      time.Time

	mu       sync.RWMutex      // taken after a Service's mu, never before
	services map[string]listed // guarded by mu
}

// listed is a service in the directory.
type listed struct {
	service *Service
	pinned  bool // somebody holds on to it
}

// New returns a directory that knows nothing yet.
func New(config Config) *Directory {
	q := newQuestions(config.Binders, config.Subjects, config.Timeout)
	return &Directory{
		config:    config,
		questions: q,
		names:     names{questions: q, known: make(map[string]bareName)},
		born:      time.Now(),
		services:  make(map[string]listed),
	}
}

// Watch takes in the registry's events until stop is called.
func (d *Directory) Watch() (stop func(), err error) {
	if stop, err = d.config.Binders.Watch("", d.observe); err != nil {
		return nil, fmt.Errorf("watching the registry: %w", err)
	}
	return stop, nil
}

// Close ends the lookups under way; all later ones fail with helium.ErrClientClosed.
func (d *Directory) Close() { d.questions.close() }

// Lookups returns how many questions went to the binders.
func (d *Directory) Lookups() uint64 { return d.questions.count.Load() }

// Size returns how many services are known or were asked for, and how many bare names.
func (d *Directory) Size() (services, names int) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return len(d.services), d.names.count()
}

// Doubts counts the events that put what bare names stand for in doubt.
func (d *Directory) Doubts() uint64 { return d.names.doubts() }

// Resolve finds the service and the method of a name, "math.add" or bare "add".
func (d *Directory) Resolve(ctx context.Context, name string) (service, method string, err error) {
	return d.names.resolve(ctx, name)
}

// Known returns what is known of a service; nil if nobody has asked for it.
func (d *Directory) Known(name string) *Service {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.services[name].service
}

// Service returns the knowledge of a service, none at first. One that is pinned stays,
// even if no such service ever appears.
func (d *Directory) Service(name string, pin bool) *Service {
	d.mu.RLock()
	k := d.services[name]
	d.mu.RUnlock()
	if k.service != nil && (k.pinned || !pin) {
		return k.service
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if k = d.services[name]; k.service == nil {
		k.service = newService(name, d.born, d.questions)
		k.service.changed, k.service.forget = d.config.Changed, d.forget
	}
	k.pinned = k.pinned || pin
	d.services[name] = k
	return k.service
}

// forget drops a service unless it is pinned.
func (d *Directory) forget(s *Service) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch k := d.services[s.name]; {
	case k.service == s && !k.pinned:
		delete(d.services, s.name)
	case k.service != nil:
		return
	}
	// Also of one that was forgotten before: meanwhile something may have been kept for it.
	if d.config.Changed != nil {
		d.config.Changed(s.name, nil)
	}
}

// Refused handles a refusal by the NATS server to publish to a subject.
func (d *Directory) Refused(subject string) { d.questions.refused(subject) }

// Reconnected takes stock after the connection was lost: events may have been missed, and
// permissions may differ.
func (d *Directory) Reconnected() {
	d.names.doubt()
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, k := range d.services {
		k.service.refresh.now()
	}
}

// observe takes in an event of the registry.
func (d *Directory) observe(event binder.Event) {
	if event.Kind == binder.Registered || event.Kind == binder.Changed {
		d.names.doubt() // another service may have the same method now
	}
	s := d.Known(event.Record.Service)
	if s == nil {
		return
	}
	told := observed{time.Now(), event.Revision}
	switch event.Kind {
	case binder.Registered, binder.Changed:
		s.hear(&event.Record, told)
	case binder.Ended, binder.Expired:
		s.remove(event.Record.Instance, told, event.Kind == binder.Ended)
	}
}
