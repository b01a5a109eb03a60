package link

import "sync"

// endpoints are those that are kept, for whoever calls there next.
type endpoints struct {
	mu    sync.RWMutex
	known map[string]map[string]*Endpoint // guarded by mu; by service and instance
	once  map[string][]string             // guarded by mu; by service; instances whose records say that they answer once
}

// get returns an endpoint, one made by newEndpoint the first time.
func (all *endpoints) get(service, instance string, newEndpoint func(service, instance string) *Endpoint) *Endpoint {
	all.mu.RLock()
	e := all.known[service][instance]
	all.mu.RUnlock()
	if e != nil {
		return e
	}
	e = newEndpoint(service, instance)
	return all.keep(e)
}

// keep keeps an endpoint, unless there is one already, and returns the one that is kept.
func (all *endpoints) keep(e *Endpoint) *Endpoint {
	all.mu.Lock()
	defer all.mu.Unlock()
	if kept := all.known[e.Service][e.Instance]; kept != nil {
		return kept
	}
	if all.known[e.Service] == nil {
		if all.known == nil {
			all.known = make(map[string]map[string]*Endpoint)
		}
		all.known[e.Service] = make(map[string]*Endpoint)
	}
	all.known[e.Service][e.Instance] = e
	e.kept.Store(true)
	e.apart.told(func(string) bool { return true }, e.onceOf(all.once[e.Service]))
	return e
}

// told takes in what the registry says of a service's instances: which are there, and which
// answer once. It lets go of those that aren't there.
func (all *endpoints) told(service string, isThere func(instance string) bool, once []string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	switch {
	case len(once) == 0:
		delete(all.once, service)
	case all.once == nil:
		all.once = map[string][]string{service: once}
	default:
		all.once[service] = once
	}
	for instance, e := range all.known[service] {
		if instance != "" && !isThere(instance) {
			delete(all.known[service], instance)
			e.kept.Store(false)
			continue
		}
		e.apart.told(isThere, e.onceOf(once))
	}
}

// forget lets go of a service.
func (all *endpoints) forget(service string) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, e := range all.known[service] {
		e.kept.Store(false)
	}
	delete(all.known, service)
	delete(all.once, service)
}

// sent returns how many calls to a service left from its endpoints.
func (all *endpoints) sent(service string) (calls uint64) {
	all.mu.RLock()
	defer all.mu.RUnlock()
	for _, e := range all.known[service] {
		calls += e.sent()
	}
	return calls
}

// count returns how many endpoints of single instances are kept.
func (all *endpoints) count() (instances int) {
	all.mu.RLock()
	defer all.mu.RUnlock()
	for _, of := range all.known {
		instances += len(of)
		if of[""] != nil {
			instances--
		}
	}
	return instances
}
