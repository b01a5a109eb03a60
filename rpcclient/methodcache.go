package rpcclient

import "sync"

// methodCache keeps the methods of calls by name that were found to fit, for the next call.
// The names of methods, services and instances may come from strangers, so only what the
// registry knows is kept.
type methodCache struct {
	mu      sync.RWMutex
	methods map[string]map[methodKey]*Method // guarded by mu; by service
}

// methodKey names a method of a service that is called by name.
type methodKey struct{ instance, method string }

// get returns a method that is kept; nil if none is.
func (c *methodCache) get(service, instance, method string) *Method {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.methods[service][methodKey{instance, method}]
}

// keep keeps a method that calls were found to fit, unless it has kept it before.
func (c *methodCache) keep(m *Method) {
	service, key := m.service.Name(), methodKey{m.instance, m.name}
	if m.kept.Load() || c.get(service, m.instance, m.name) != nil {
		return
	}
	// A service that was forgotten, as nobody knew it, before this call made it known isn't
	// told of events any more. One that is known isn't forgotten.
	if m.core.directory.Known(service) != m.service {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// With the lock, so that what prune is told of next is taken away again.
	view := m.service.Current()
	if view == nil || m.instance != "" && view.VersionOf(m.instance) == nil {
		return
	}
	if !m.core.links.Keep(m.endpoint) {
		return // the next call's method leaves by the endpoint that others use
	}
	if c.methods[service] == nil {
		if c.methods == nil {
			c.methods = make(map[string]map[methodKey]*Method)
		}
		c.methods[service] = make(map[methodKey]*Method)
	}
	c.methods[service][key] = m
	m.kept.Store(true)
}

// prune lets go of methods at instances that aren't there.
func (c *methodCache) prune(service string, isThere func(instance string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.methods[service] {
		if key.instance != "" && !isThere(key.instance) {
			delete(c.methods[service], key)
		}
	}
}

// forget lets go of the methods of a service.
func (c *methodCache) forget(service string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.methods, service)
}
