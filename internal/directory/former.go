package directory

import (
	"maps"
	"slices"
	"time"
)

// former is what has gone from the registry a moment ago. What the registry has forgotten may
// be there all the same: a store was lost, and servers register again one by one, or an
// instance couldn't renew for a while. So it is remembered for findingsFor, and tried before a
// call fails for it.
type former struct {
	methods   map[string]formerMethod   // that no known instance has any more
	instances map[string]formerInstance // that are known no more, but for those that took their leave
}

type formerMethod struct {
	method *Method
	since  time.Time
}

type formerInstance struct {
	version *Version
	since   time.Time
}

func newFormer() former {
	return former{make(map[string]formerMethod), make(map[string]formerInstance)}
}

// turn takes in that one view follows another.
func (f *former) turn(before, after *View, now time.Time) {
	maps.DeleteFunc(f.methods, func(name string, m formerMethod) bool {
		return after.hasMethod(name) || now.Sub(m.since) >= findingsFor
	})
	maps.DeleteFunc(f.instances, func(instance string, i formerInstance) bool {
		return after.byInstance[instance] != nil || now.Sub(i.since) >= findingsFor
	})
	if before == nil {
		return
	}
	for instance, version := range before.byInstance {
		if after.byInstance[instance] == nil && len(f.instances) < maxFindings {
			f.instances[instance] = formerInstance{version, now}
		}
	}
	for _, version := range before.Versions {
		if slices.Contains(after.Versions, version) {
			continue
		}
		for name, m := range version.byName {
			if !after.hasMethod(name) && len(f.methods) < maxFindings {
				f.methods[name] = formerMethod{m, now}
			}
		}
	}
}

// methodNamed returns a method that has gone a moment ago; nil if none has.
func (f *former) methodNamed(name string) *Method {
	if m, ok := f.methods[name]; ok && time.Since(m.since) < findingsFor {
		return m.method
	}
	return nil
}

// versionsByInstance returns the instances that have gone a moment ago.
func (f *former) versionsByInstance() map[string]*Version {
	versions := make(map[string]*Version)
	for instance, i := range f.instances {
		if time.Since(i.since) < findingsFor {
			versions[instance] = i.version
		}
	}
	return versions
}

// forgetMethod forgets a method and all instances that had it.
func (f *former) forgetMethod(name string) {
	delete(f.methods, name)
	maps.DeleteFunc(f.instances, func(_ string, i formerInstance) bool { return i.version.byName[name] != nil })
}
