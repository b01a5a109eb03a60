package rpcclient

import (
	"maps"
	"slices"
	"time"
)

// What the registry has forgotten may be there all the same: a store was lost, and servers
// register again one by one, or an instance couldn't renew for a while. So what has gone from
// it is remembered for findingsFor, and tried before a call fails for it.
type former struct {
	methods   map[string]formerMethod   // that no known instance has any more
	instances map[string]formerInstance // that are known no more, but for those that took their leave
}

type formerMethod struct {
	remote *remoteMethod
	since  time.Time
}

type formerInstance struct {
	version *version
	since   time.Time
}

func newFormer() former {
	return former{make(map[string]formerMethod), make(map[string]formerInstance)}
}

// turn takes in that one route follows another.
func (f *former) turn(before, after *route, now time.Time) {
	maps.DeleteFunc(f.methods, func(name string, m formerMethod) bool {
		return after.hasMethod(name) || now.Sub(m.since) >= findingsFor
	})
	maps.DeleteFunc(f.instances, func(instance string, i formerInstance) bool {
		return after.byInstance[instance] != nil || now.Sub(i.since) >= findingsFor
	})
	if before == nil {
		return
	}
	for instance, v := range before.byInstance {
		if after.byInstance[instance] == nil && len(f.instances) < maxFindings {
			f.instances[instance] = formerInstance{v, now}
		}
	}
	for _, v := range before.versions {
		if slices.Contains(after.versions, v) {
			continue
		}
		for name, remote := range v.byName {
			if !after.hasMethod(name) && len(f.methods) < maxFindings {
				f.methods[name] = formerMethod{remote, now}
			}
		}
	}
}

// formerMethod returns a method that the registry has forgotten a moment ago; nil if it
// hasn't.
func (s *service) formerMethod(name string) *remoteMethod {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if m, ok := s.former.methods[name]; ok && time.Since(m.since) < findingsFor {
		return m.remote
	}
	return nil
}

// formerVersions returns the instances that the registry has forgotten a moment ago.
func (s *service) formerVersions() map[string]*version {
	s.mu.RLock()
	defer s.mu.RUnlock()
	versions := make(map[string]*version)
	for instance, i := range s.former.instances {
		if time.Since(i.since) < findingsFor {
			versions[instance] = i.version
		}
	}
	return versions
}

// isGone forgets a method for good: nobody listens for it.
func (s *service) isGone(method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.former.methods, method)
	maps.DeleteFunc(s.former.instances, func(_ string, i formerInstance) bool { return i.version.byName[method] != nil })
}

// hasLeft forgets an instance for good: nobody listens there.
func (s *service) hasLeft(instance string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.former.instances, instance)
}
