package binder

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A catalog is a binder's copy of the bucket, indexed for lookups. One goroutine
// writes it (follow.go), any number read it.
type catalog struct {
	mu sync.RWMutex // guards all fields below
	// services by name, and their names in order.
	services map[string]*shelf
	names    []string
	// methods: method name to service name to the number of instances that have it.
	methods map[string]map[string]int
	// revision is that of the bucket's last change in here.
	revision uint64
	// progress is closed, and replaced, when revision grows.
	progress chan struct{}
}

// A shelf holds the instances of one service, ordered by name.
type shelf struct {
	instances []*entry
	methods   map[string]int // to the number of instances that have it
}

// An entry is one record. It is never changed once it is in the catalog, only
// replaced, so that readers may keep it without the lock.
type entry struct {
	service, instance, version string
	// data is the record as the bucket has it, for answers and comparisons. The record
	// isn't kept besides: it would take several times the memory.
	data    []byte
	methods []string
	// revision of the write that made or renewed it.
	revision uint64
	// lost is true of a record that the store doesn't have any more though its instance
	// may well live; see follow.go.
	lost bool
}

func (e *entry) key() string { return recordKey(e.service, e.instance) }

// departed is the record that events of its end carry.
func (e *entry) departed() Record {
	return Record{Service: e.service, Instance: e.instance, Version: e.version, Methods: []Method{}}
}

func newEntry(r *Record, data []byte, revision uint64) *entry {
	e := &entry{service: r.Service, instance: r.Instance, version: r.Version, data: data, revision: revision}
	e.methods = make([]string, len(r.Methods))
	for i, m := range r.Methods {
		e.methods[i] = m.Name
	}
	return e
}

// renewed returns the entry as a later write of the same bytes leaves it.
func (e *entry) renewed(revision uint64) *entry {
	c := *e
	c.revision, c.lost = revision, false
	return &c
}

// asLost returns the entry as the store's loss of it leaves it.
func (e *entry) asLost() *entry {
	c := *e
	c.lost = true
	return &c
}

func newCatalog() *catalog {
	return &catalog{
		services: make(map[string]*shelf),
		methods:  make(map[string]map[string]int),
		progress: make(chan struct{}),
	}
}

func byInstance(e *entry, instance string) int { return cmp.Compare(e.instance, instance) }

// put adds an entry or replaces the one of the same key.
func (c *catalog) put(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[e.service]
	if s == nil {
		s = &shelf{methods: make(map[string]int)}
		c.services[e.service] = s
		at, _ := slices.BinarySearch(c.names, e.service)
		c.names = slices.Insert(c.names, at, e.service)
	}
	at, there := slices.BinarySearchFunc(s.instances, e.instance, byInstance)
	if there {
		c.countLocked(s, s.instances[at], -1)
		s.instances[at] = e
	} else {
		s.instances = slices.Insert(s.instances, at, e)
	}
	c.countLocked(s, e, +1)
}

// remove takes an entry out.
func (c *catalog) remove(service, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.services[service]
	if s == nil {
		return
	}
	at, there := slices.BinarySearchFunc(s.instances, instance, byInstance)
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

// countLocked adds n instances of e's methods to the indexes.
func (c *catalog) countLocked(s *shelf, e *entry, n int) {
	for _, method := range e.methods {
		if s.methods[method] += n; s.methods[method] == 0 {
			delete(s.methods, method)
		}
		in := c.methods[method]
		if in == nil {
			in = make(map[string]int, 1)
			c.methods[method] = in
		}
		if in[e.service] += n; in[e.service] == 0 {
			delete(in, e.service)
		}
		if len(in) == 0 {
			delete(c.methods, method)
		}
	}
}

// get returns an entry or nil.
func (c *catalog) get(service, instance string) *entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	s := c.services[service]
	if s == nil {
		return nil
	}
	if at, there := slices.BinarySearchFunc(s.instances, instance, byInstance); there {
		return s.instances[at]
	}
	return nil
}

// all returns every entry, ordered by service, then instance.
func (c *catalog) all() []*entry {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var all []*entry
	for _, name := range c.names {
		all = append(all, c.services[name].instances...)
	}
	return all
}

// after returns entries that follow a key in the order of all, from as many services
// as it takes to fill size bytes of records, and whether there are more.
func (c *catalog) after(key string, size int) (page []*entry, more bool) {
	service, instance, _ := strings.Cut(key, ".")
	c.mu.RLock()
	defer c.mu.RUnlock()
	first, _ := slices.BinarySearch(c.names, service)
	for _, name := range c.names[first:] {
		instances := c.services[name].instances
		if name == service {
			at, there := slices.BinarySearchFunc(instances, instance, byInstance)
			if there {
				at++
			}
			instances = instances[at:]
		}
		for _, e := range instances {
			if size -= len(e.data) + 1; size < 0 && len(page) > 0 {
				return page, true
			}
			page = append(page, e)
		}
	}
	return page, false
}

// A found is what a name stands for.
type found struct {
	service, method string
	entries         []*entry
	revision        uint64
}

// find returns what a name stands for, or nil if nothing does. An ambiguous bare
// method name is an error.
func (c *catalog) find(name string, methodOnly bool) (*found, error) {
	service, method, both := strings.Cut(name, ".")
	c.mu.RLock()
	defer c.mu.RUnlock()
	if s := c.services[service]; !both && !methodOnly && s != nil {
		return &found{service: service, entries: slices.Clone(s.instances), revision: c.revision}, nil
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
	for _, e := range s.instances {
		if slices.Contains(e.methods, method) {
			f.entries = append(f.entries, e)
		}
	}
	return f, nil
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
