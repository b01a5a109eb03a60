package rpcclient

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/binder"
)

const (
	// refreshEvery is how often a service in use is looked up again, in case an event
	// of the registry got lost.
	refreshEvery = 2 * time.Minute
	// refreshPause keeps what hints at a change, such as calls that find nobody, from
	// asking the binders again and again.
	refreshPause = time.Second
	// binderLag is how far behind another binder may be: its answer doesn't overrule
	// an event that came so shortly before.
	binderLag = 10 * time.Second
)

// service is what the client knows of one service. It is learnt by a lookup, kept fresh
// by the registry's events, and never forgotten: the registry informs, NATS routes, so
// when no binder answers calls go on from what is known.
type service struct {
	core *core
	name string

	current    atomic.Pointer[route] // nil: nothing is known yet
	refreshDue atomic.Int64          // when to look up again, in nanoseconds since core.born

	pinned bool // guarded by core.mu; stubs hold on to it

	mu           sync.RWMutex
	records      map[string]*record      // guarded by mu; by instance
	gone         map[string]news         // guarded by mu; instances that left lately
	former       former                  // guarded by mu; what else left lately
	findings     findings                // guarded by mu; what calls found out about instances
	lookups      map[string]*lookup      // guarded by mu; under way, by method; "": all
	asked        time.Time               // guarded by mu; when the last lookup of all began
	destinations map[string]*destination // guarded by mu; by instance; "" for any
	dynamic      map[dynamicKey]*Method  // guarded by mu; those called by name
}

// record is what the client knows of one instance.
type record struct {
	version   *version
	perMethod bool
	told      news // the event that told of it; zero: a lookup did
}

// news is an event of the registry: when it came, and the revision that it told of.
type news struct {
	at       time.Time
	revision uint64
}

// overrules reports whether an event stands against the answer to a lookup that began
// at a certain time: the event came later, or from a binder that was ahead.
func (d news) overrules(began time.Time, answer uint64, now time.Time) bool {
	return !d.at.IsZero() && (!d.at.Before(began) || d.revision > answer && now.Sub(d.at) < binderLag)
}

// service returns the client's knowledge of a service, none at first. One that is
// pinned stays for the client's life, even if no such service ever appears.
func (c *core) service(name string, pin bool) *service {
	c.mu.RLock()
	s := c.services[name]
	pinned := s != nil && s.pinned
	c.mu.RUnlock()
	if s != nil && (pinned || !pin) {
		return s
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s = c.services[name]; s == nil {
		s = &service{
			core: c, name: name,
			records:      make(map[string]*record),
			gone:         make(map[string]news),
			former:       newFormer(),
			lookups:      make(map[string]*lookup),
			destinations: make(map[string]*destination),
			dynamic:      make(map[dynamicKey]*Method),
		}
		c.services[name] = s
	}
	s.pinned = s.pinned || pin
	return s
}

// forgetUnknown drops a service that only calls by name asked for and that doesn't
// exist: names may come from strangers, and memory must not grow by them.
func (s *service) forgetUnknown() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.current.Load() != nil || len(s.lookups) > 0 {
		return // the lookup under way comes back to this
	}
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if !s.pinned && c.services[s.name] == s {
		delete(c.services, s.name)
	}
}

// replace takes in the answer to a lookup of the whole service that began at a certain
// time.
func (s *service) replace(entry *binder.Entry, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var versions []*version
	records := make(map[string]*record, len(entry.Records))
	for i := range entry.Records {
		r := &entry.Records[i]
		if !s.gone[r.Instance].overrules(began, entry.Revision, now) {
			records[r.Instance] = s.readLocked(r, &versions)
		}
	}
	for instance, known := range s.records {
		// An answer that had no room for all of them says nothing of the others.
		if known.told.overrules(began, entry.Revision, now) || entry.Omitted > 0 && records[instance] == nil {
			records[instance] = known
		}
	}
	for instance, left := range s.gone {
		if now.Sub(left.at) > binderLag {
			delete(s.gone, instance)
		}
	}
	if len(records) == 0 {
		if s.current.Load() != nil {
			return // the last instances are the best that is known until others come
		}
		for i := range entry.Records {
			records[entry.Records[i].Instance] = s.readLocked(&entry.Records[i], &versions)
		}
	}
	s.records = records
	s.publishLocked()
}

// hear takes in an event that tells a record. Before the first lookup there may be others
// that nobody tells of; while it is under way, its answer may not have this one yet.
func (s *service) hear(r *binder.Record, told news) {
	s.mu.RLock()
	asking := len(s.lookups) > 0
	s.mu.RUnlock()
	if asking || s.current.Load() != nil {
		s.put(r, told)
	}
}

// put takes in one record. Of a lookup's answer the event is zero.
func (s *service) put(r *binder.Record, told news) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.readLocked(r, new([]*version))
	known.told = told
	s.records[r.Instance] = known
	delete(s.gone, r.Instance)
	if s.current.Load() != nil { // else the answer to the first lookup comes, and joins it
		s.publishLocked()
	}
}

// remove forgets an instance, but not the last one: its methods are the best that is
// known until another comes. What took its leave isn't tried any more either.
func (s *service) remove(instance string, told news, tookLeave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lookups) > 0 || s.records[instance] != nil {
		s.gone[instance] = told
	}
	if s.current.Load() == nil {
		delete(s.records, instance)
		return
	}
	found := len(s.findings)
	s.findings = slices.DeleteFunc(slices.Clone(s.findings), func(f finding) bool { return f.instance == instance })
	known := s.records[instance] != nil && len(s.records) > 1
	if known {
		delete(s.records, instance)
	}
	if known || len(s.findings) < found {
		s.publishLocked()
	}
	if tookLeave {
		delete(s.former.instances, instance)
	}
}

// readLocked reads a record. Instances with the same methods share one version: one that
// is known already, or one of those read just now.
func (s *service) readLocked(r *binder.Record, justNow *[]*version) *record {
	known := *justNow
	if current := s.current.Load(); current != nil {
		known = slices.Concat(known, current.versions)
	}
	for _, v := range known {
		if v.same(r) {
			return &record{version: v, perMethod: r.PerMethod}
		}
	}
	v := newVersion(r)
	*justNow = append(*justNow, v)
	return &record{version: v, perMethod: r.PerMethod}
}

// publishLocked makes the route of the records, and lets go of what was kept for
// instances that are gone.
func (s *service) publishLocked() {
	now := time.Now()
	s.pruneLocked(now)
	before, after := s.current.Load(), newRoute(s.records, s.findings)
	s.former.turn(before, after, now)
	s.current.Store(after)
	for instance := range s.destinations {
		if instance != "" && s.records[instance] == nil {
			delete(s.destinations, instance)
		}
	}
	for key := range s.dynamic {
		if key.instance != "" && s.records[key.instance] == nil {
			delete(s.dynamic, key)
		}
	}
}

// registryChanged takes in an event of the registry.
func (c *core) registryChanged(event binder.Event) {
	if event.Kind == binder.Registered || event.Kind == binder.Changed {
		c.doubtNames() // another service may have the same method now
	}
	c.mu.RLock()
	s := c.services[event.Record.Service]
	c.mu.RUnlock()
	if s == nil {
		return
	}
	told := news{time.Now(), event.Revision}
	switch event.Kind {
	case binder.Registered, binder.Changed:
		s.hear(&event.Record, told)
	case binder.Ended, binder.Expired:
		s.remove(event.Record.Instance, told, event.Kind == binder.Ended)
	}
}
