package binder

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A catalog is a binder's copy of the bucket, indexed for lookups. One goroutine
// writes it, the replicator's; any number read it.
type catalog struct {
	mu sync.RWMutex // guards all fields below
	// services by name, and their names in order.
	services map[string]*serviceEntry
	names    []string
	// methods: method name to service name to the number of instances that have it.
	methods map[string]map[string]int
	// revision is that of the bucket's last change in here.
	revision uint64
	// skips counts changes that were preceded by others of which the catalog never hears, as they
	// were written over before it did. What replaced them may be yet to come: until then, what is
	// in here was never all true at once.
	skips uint64
	// progress is closed, and replaced, when revision grows.
	progress chan struct{}
}

// A serviceEntry holds the instances of one service, ordered by name.
type serviceEntry struct {
	instances []*instance
	bytes     int            // of their records
	methods   map[string]int // to the number of instances that have it
}

func newCatalog() *catalog {
	return &catalog{
		services: make(map[string]*serviceEntry),
		methods:  make(map[string]map[string]int),
		progress: make(chan struct{}),
	}
}

// put adds an instance or replaces the one of the same key.
func (c *catalog) put(i *instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[i.service]
	if s == nil {
		s = &serviceEntry{methods: make(map[string]int)}
		c.services[i.service] = s
		at, _ := slices.BinarySearch(c.names, i.service)
		c.names = slices.Insert(c.names, at, i.service)
	}
	at, there := slices.BinarySearchFunc(s.instances, i.name, byName)
	if there {
		c.countLocked(s, s.instances[at], -1)
		s.instances[at] = i
	} else {
		s.instances = slices.Insert(s.instances, at, i)
	}
	c.countLocked(s, i, +1)
}

// remove takes an instance out.
func (c *catalog) remove(service, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[service]
	if s == nil {
		return
	}
	at, there := slices.BinarySearchFunc(s.instances, name, byName)
	if !there {
		return
	}
	c.countLocked(s, s.instances[at], -1)
	s.instances = slices.Delete(s.instances, at, at+1)
	if len(s.instances) == 0 {
		delete(c.services, service)
		if at, there := slices.BinarySearch(c.names, service); there {
			c.names = slices.Delete(c.names, at, at+1)
		}
	}
}

// countLocked adds n instances of i's methods to the indexes, and its record to the service's bytes.
func (c *catalog) countLocked(s *serviceEntry, i *instance, n int) {
	s.bytes += n * len(i.data)
	for _, method := range i.methods {
		if s.methods[method] += n; s.methods[method] == 0 {
			delete(s.methods, method)
		}
		in := c.methods[method]
		if in == nil {
			in = make(map[string]int, 1)
			c.methods[method] = in
		}
		if in[i.service] += n; in[i.service] == 0 {
			delete(in, i.service)
		}
		if len(in) == 0 {
			delete(c.methods, method)
		}
	}
}

// get returns an instance or nil.
func (c *catalog) get(service, name string) *instance {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.services[service]
	if s == nil {
		return nil
	}
	if at, there := slices.BinarySearchFunc(s.instances, name, byName); there {
		return s.instances[at]
	}
	return nil
}

// sizeOf returns how many instances a service has, and how many bytes their records.
func (c *catalog) sizeOf(service string) (instances, bytes int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.services[service]; s != nil {
		return len(s.instances), s.bytes
	}
	return 0, 0
}

// all returns every instance, ordered by service, then instance.
func (c *catalog) all() []*instance {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var all []*instance
	for _, name := range c.names {
		all = append(all, c.services[name].instances...)
	}
	return all
}

// after returns instances that follow a key in the order of all, from as many services
// as it takes to fill size bytes of records, and whether there are more.
func (c *catalog) after(key string, size int) (page []*instance, more bool) {
	service, last, _ := strings.Cut(key, ".")
	c.mu.RLock()
	defer c.mu.RUnlock()
	first, _ := slices.BinarySearch(c.names, service)
	for _, name := range c.names[first:] {
		instances := c.services[name].instances
		if name == service {
			at, there := slices.BinarySearchFunc(instances, last, byName)
			if there {
				at++
			}
			instances = instances[at:]
		}
		for _, i := range instances {
			if size -= len(i.data) + 1; size < 0 && len(page) > 0 {
				return page, true
			}
			page = append(page, i)
		}
	}
	return page, false
}

// A found is what a name stands for.
type found struct {
	service, method string
	instances       []*instance
	revision        uint64
}

// find returns what a name stands for, or nil if nothing does. An ambiguous bare
// method name is an error.
func (c *catalog) find(name string, methodOnly bool) (*found, error) {
	service, method, both := strings.Cut(name, ".")
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.services[service]; !both && !methodOnly && s != nil {
		return &found{service: service, instances: slices.Clone(s.instances), revision: c.revision}, nil
	}
	if !both {
		method = service
		in := c.methods[method]
		if len(in) > 1 {
			return nil, ambiguous(method, slices.Sorted(maps.Keys(in)))
		}
		for service = range in {
		}
	}
	s := c.services[service]
	if s == nil || s.methods[method] == 0 {
		return nil, nil
	}
	f := &found{service: service, method: method, revision: c.revision}
	for _, i := range s.instances {
		if slices.Contains(i.methods, method) {
			f.instances = append(f.instances, i)
		}
	}
	return f, nil
}

// explain says why nothing goes by a name.
func (c *catalog) explain(name string, methodOnly bool) error {
	service, method, both := strings.Cut(name, ".")
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.services[service]; both && s != nil {
		return noMethodOf(service, method, slices.Sorted(maps.Keys(s.methods)))
	}
	switch {
	case both:
		return noService(service, c.names)
	case methodOnly:
		return noMethod(name, maps.Keys(c.methods))
	}
	return nothingNamed(name, c.names, maps.Keys(c.methods))
}

// size returns how many services and records there are.
func (c *catalog) size() (services, records int) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, s := range c.services {
		records += len(s.instances)
	}
	return len(c.services), records
}

// advance says that all changes up to a revision are in the catalog.
func (c *catalog) advance(revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if revision > c.revision {
		if revision != c.revision+1 {
			c.skips++
		}
		c.revision = revision
		close(c.progress)
		c.progress = make(chan struct{})
	}
}

// rewind sets the revision back: the bucket is another one, with lower numbers.
func (c *catalog) rewind(revision uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revision = revision
	c.skips++
}

// reread says that the bucket was read from its start: what was written over meanwhile is yet to come.
func (c *catalog) reread() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skips++
}

// skipped returns a number that grows with each change before which others were skipped.
func (c *catalog) skipped() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.skips
}

// reached returns the revision, and a channel that is closed when it has grown.
func (c *catalog) reached() (uint64, <-chan struct{}) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.revision, c.progress
}

// await returns once all changes up to a revision are in the catalog, or ctx is over.
func (c *catalog) await(ctx context.Context, revision uint64) error {
	for {
		now, progress := c.reached()
		if now >= revision {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
