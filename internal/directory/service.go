package directory

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/wire"
)

// Service is what is known of one service.
type Service struct {
	name      string
	questions *questions
	changed   func(service string, view *View) // told of each new view
	forget    func(*Service)

	current atomic.Pointer[View] // nil: nothing is known yet
	refresh schedule

	mu       sync.RWMutex
	records  map[string]*record // guarded by mu; by instance
	gone     gone               // guarded by mu
	former   former             // guarded by mu; what else left lately
	findings findings           // guarded by mu; what calls found out about instances
	silent   map[string]bool    // guarded by mu; instances that are silent, also ones that left
	lookups  map[string]*Lookup // guarded by mu; under way, by method; "": all
	asked    time.Time          // guarded by mu; when the last lookup of all began
}

func newService(name string, born time.Time, q *questions) *Service {
	return &Service{
		name: name, questions: q,
		refresh: schedule{born: born},
		records: make(map[string]*record),
		gone:    newGone(),
		former:  newFormer(),
		lookups: make(map[string]*Lookup),
		silent:  make(map[string]bool),
	}
}

// Name returns the service's name.
func (s *Service) Name() string { return s.name }

// Current returns what is known of the service; nil: nothing yet.
func (s *Service) Current() *View { return s.current.Load() }

// replace takes in the answer to a lookup of the whole service that began at a certain
// time.
func (s *Service) replace(entry *binder.Entry, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var versions []*Version
	records := make(map[string]*record, len(entry.Records))
	for i := range entry.Records {
		r := &entry.Records[i]
		if !s.overruledLocked(r.Instance, began, entry.Revision, now) {
			records[r.Instance] = s.readLocked(r, &versions)
		}
	}
	for instance, known := range s.records {
		// An answer that had no room for all of them says nothing of the others.
		if known.told.overrules(began, entry.Revision, now) || entry.Omitted > 0 && records[instance] == nil {
			records[instance] = known
		}
	}
	s.gone.sweep(now)
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

// add takes in the answer to a lookup of one method that began at a certain time: it says
// nothing of instances that it doesn't have.
func (s *Service) add(entry *binder.Entry, began time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var versions []*Version
	for i := range entry.Records {
		r := &entry.Records[i]
		if !s.overruledLocked(r.Instance, began, entry.Revision, now) {
			s.records[r.Instance] = s.readLocked(r, &versions)
		}
	}
	if s.current.Load() != nil { // else the answer to the first lookup comes, and joins it
		s.publishLocked()
	}
}

// overruledLocked reports whether an event about an instance stands against what the answer
// to a lookup says of it.
func (s *Service) overruledLocked(instance string, began time.Time, answer uint64, now time.Time) bool {
	known := s.records[instance]
	return s.gone.last[instance].overrules(began, answer, now) || known != nil && known.told.overrules(began, answer, now)
}

// hear takes in an event that tells a record. Before the first lookup there may be others
// that nobody tells of; while it is under way, its answer may not have this one yet.
func (s *Service) hear(r *binder.Record, told observed) {
	s.mu.RLock()
	asking := len(s.lookups) > 0
	s.mu.RUnlock()
	if !asking && s.current.Load() == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := s.readLocked(r, new([]*Version))
	known.told = told
	s.records[r.Instance] = known
	delete(s.gone.last, r.Instance)
	if s.current.Load() != nil { // else the answer to the first lookup comes, and joins it
		s.publishLocked()
	}
}

// remove forgets an instance, but not the last one: its methods are the best that is
// known until another comes. What took its leave isn't tried any more either.
func (s *Service) remove(instance string, told observed, tookLeave bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lookups) > 0 || s.records[instance] != nil {
		s.gone.add(instance, told)
	}
	if len(s.lookups) == 0 { // one that began long ago may still bring instances back
		s.gone.sweep(told.at)
	}
	if s.current.Load() == nil {
		delete(s.records, instance)
		return
	}
	found := len(s.findings)
	s.findings = s.findings.without(instance)
	known := s.records[instance] != nil && len(s.records) > 1
	if known {
		delete(s.records, instance)
	}
	if known || len(s.findings) < found {
		s.publishLocked()
	}
	if tookLeave {
		delete(s.former.instances, instance)
		s.hushLocked(instance, false)
	}
}

// readLocked reads a record. Instances with the same methods share one version: one that
// is known already, or one of those read just now.
func (s *Service) readLocked(r *binder.Record, justNow *[]*Version) *record {
	known := *justNow
	if current := s.current.Load(); current != nil {
		known = slices.Concat(known, current.Versions)
	}
	for _, v := range known {
		if v.of(r) {
			return &record{version: v, perMethod: r.PerMethod, abilities: wire.Abilities(r.Abilities), cluster: r.Cluster}
		}
	}
	v := newVersion(r)
	*justNow = append(*justNow, v)
	return &record{version: v, perMethod: r.PerMethod, abilities: wire.Abilities(r.Abilities), cluster: r.Cluster}
}

// publishLocked makes the view of the records.
func (s *Service) publishLocked() {
	now := time.Now()
	s.pruneLocked(now)
	before, after := s.current.Load(), newView(s.records, s.findings, s.silent)
	s.former.turn(before, after, now)
	s.current.Store(after)
	if s.changed != nil {
		s.changed(s.name, after)
	}
}

// FellSilent takes in that an instance is silent, and makes a view in which calls keep away from
// it, or that it isn't any more. One whose lease ends stays silent: what is frozen may go on
// getting calls from NATS. The service is looked up again then: where no events of the registry come, as
// in an account that imports none, others may run that aren't known yet.
func (s *Service) FellSilent(instance string, silent bool) {
	if silent {
		s.LookAgain()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hushLocked(instance, silent)
}

func (s *Service) hushLocked(instance string, silent bool) {
	if s.silent[instance] == silent {
		return
	}
	if silent {
		s.silent[instance] = true
	} else {
		delete(s.silent, instance)
	}
	if s.current.Load() != nil {
		s.publishLocked()
	}
}

// LookAgain makes the next call look the service up in the background, as something
// hints that what is known is outdated.
func (s *Service) LookAgain() {
	s.mu.RLock()
	due := s.asked.Add(refreshPause)
	s.mu.RUnlock()
	if now := time.Now(); due.Before(now) {
		due = now
	}
	s.refresh.at(due)
}

// Found takes in what a call found out about an instance, and makes a view that heeds it.
func (s *Service) Found(what Discovery, instance, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := finding{what, instance, method, time.Now()}
	full := len(s.findings) >= maxFindings && what != RunsTwice // of which there is one
	if full || s.findings.about(what, instance, method) || s.settledLocked(f, f.at) {
		return
	}
	s.findings = append(slices.Clip(s.findings), f)
	s.publishLocked()
}

// settledLocked reports whether a finding needn't be kept any more.
func (s *Service) settledLocked(f finding, now time.Time) bool {
	switch {
	case f.what == RunsTwice:
		return false
	case now.Sub(f.at) >= findingsFor:
		return true
	}
	known := s.records[f.instance]
	switch f.what {
	case LacksMethod:
		return known != nil && known.version.byName[f.method] == nil
	case RefusesArgs:
		return known != nil
	case IsAbsent:
		return known == nil || known.told.at.After(f.at)
	}
	return false
}

// pruneLocked drops the findings that are settled and has the service looked up when the
// others are due, so that calls share messages again soon after.
func (s *Service) pruneLocked(now time.Time) {
	if len(s.findings) == 0 {
		return
	}
	var kept findings
	for _, f := range s.findings {
		if !s.settledLocked(f, now) {
			kept = append(kept, f)
			if f.what != RunsTwice {
				s.refresh.by(f.at.Add(findingsFor))
			}
		}
	}
	s.findings = kept
}

// dropOldFindings drops findings whose time is over while no binder answers.
func (s *Service) dropOldFindings() {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.findings)
	if s.pruneLocked(time.Now()); len(s.findings) != before {
		s.publishLocked()
	}
}

// FormerMethod returns a method that the registry has forgotten a moment ago; nil if it
// hasn't.
func (s *Service) FormerMethod(name string) *Method {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.former.methodNamed(name)
}

// FormerVersions returns the instances that the registry has forgotten a moment ago.
func (s *Service) FormerVersions() map[string]*Version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.former.versionsByInstance()
}

// MethodIsGone forgets a method for good: nobody listens for it.
func (s *Service) MethodIsGone(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.former.forgetMethod(method)
}

// InstanceIsGone forgets an instance for good that the registry has forgotten: nobody
// listens there.
func (s *Service) InstanceIsGone(instance string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.former.instances, instance)
}

// ForgetUnknown drops a service that only calls by name asked for and that doesn't
// exist: names may come from strangers, and memory must not grow by them.
func (s *Service) ForgetUnknown() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.current.Load() != nil || len(s.lookups) > 0 {
		return // the lookup under way comes back to this
	}
	s.forget(s)
}
