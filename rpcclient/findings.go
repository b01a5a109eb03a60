package rpcclient

import (
	"slices"
	"time"
)

// finding is what a call found out about an instance and the registry doesn't say, or
// doesn't say yet. It is kept until the registry has caught up, or for findingsFor.
type finding struct {
	what     discovery
	instance string // who it is about; "": nobody knows
	method   string // "": of no matter
	at       time.Time
}

type discovery int

const (
	lacksMethod   discovery = iota // the instance doesn't have the method
	refusesArgs                    // it refused arguments, and the registry doesn't know the instance
	isAbsent                       // nobody listens on its subjects
	nobodyForMany                  // nobody listens on the service's subject, but on a method's
)

const (
	// findingsFor is how long what calls found out is remembered, and methods that have
	// gone: what a registry may be behind, which is a server's longest wait to register
	// again, with some reserve.
	findingsFor = 30 * time.Second
	// maxFindings bounds them, in each service.
	maxFindings = 1000
)

// findings are replaced, not changed.
type findings []finding

func (f findings) about(what discovery, instance, method string) bool {
	return slices.ContainsFunc(f, func(one finding) bool {
		return one.what == what && one.instance == instance && one.method == method
	})
}

// lacking reports whether some instance was found to lack a method.
func (f findings) lacking(method string) bool { return f.any(lacksMethod, method) }

// refusing reports whether some instance was found to take other arguments.
func (f findings) refusing(method string) bool { return f.any(refusesArgs, method) }

func (f findings) any(what discovery, method string) bool {
	return slices.ContainsFunc(f, func(one finding) bool { return one.what == what && one.method == method })
}

func (f findings) absent(instance string) bool { return f.about(isAbsent, instance, "") }

func (f findings) deserted() bool { return f.about(nobodyForMany, "", "") }

// found takes in a finding and makes a route that heeds it.
func (s *service) found(what discovery, instance, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := finding{what, instance, method, time.Now()}
	if s.findings.about(what, instance, method) || len(s.findings) >= maxFindings || s.settledLocked(f, f.at) {
		return
	}
	s.findings = append(slices.Clip(s.findings), f)
	s.publishLocked()
}

// settledLocked reports whether a finding needn't be kept any more.
func (s *service) settledLocked(f finding, now time.Time) bool {
	if now.Sub(f.at) >= findingsFor {
		return true
	}
	known := s.records[f.instance]
	switch f.what {
	case lacksMethod:
		return known != nil && known.version.byName[f.method] == nil
	case refusesArgs:
		return known != nil
	case isAbsent:
		return known == nil || known.told.at.After(f.at)
	}
	return false
}

// pruneLocked drops the findings that are settled and has the service looked up when the
// others are due, so that calls share messages again soon after.
func (s *service) pruneLocked(now time.Time) {
	if len(s.findings) == 0 {
		return
	}
	var kept findings
	for _, f := range s.findings {
		if !s.settledLocked(f, now) {
			kept = append(kept, f)
			s.refreshBy(f.at.Add(findingsFor))
		}
	}
	s.findings = kept
}

// outlive drops findings whose time is over while no binder answers.
func (s *service) outlive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.findings)
	if s.pruneLocked(time.Now()); len(s.findings) != before {
		s.publishLocked()
	}
}

func (r *route) hasMethod(name string) bool {
	return slices.ContainsFunc(r.versions, func(v *version) bool { return v.byName[name] != nil })
}

// lackedBySome reports whether there are instances without a method.
func (r *route) lackedBySome(name string) bool {
	return r.findings.lacking(name) || slices.ContainsFunc(r.versions, func(v *version) bool { return v.byName[name] == nil })
}
