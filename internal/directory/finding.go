package directory

import (
	"slices"
	"time"
)

// Discovery is what a call can find out about an instance, or about all of a service.
type Discovery int

const (
	LacksMethod   Discovery = iota // the instance doesn't have the method
	RefusesArgs                    // it refused arguments, and the registry doesn't know the instance
	IsAbsent                       // nobody listens on its subjects
	Unaddressable                  // the client may not publish to the subjects of single instances
	NobodyForMany                  // nobody listens on the service's subject, but on a method's
	RunsTwice                      // NATS delivers a call for any instance to two of them
)

const (
	// findingsFor is how long what calls found out is remembered, and methods that have
	// gone: what a registry may be behind, which is a server's longest wait to register
	// again, with some reserve.
	findingsFor = 30 * time.Second
	// maxFindings bounds them, in each service.
	maxFindings = 1000
)

// finding is what a call found out about an instance and the registry doesn't say, or
// doesn't say yet. It is kept until the registry has caught up, or for findingsFor; what the
// registry has no part in, how NATS delivers, is kept for good.
type finding struct {
	what     Discovery
	instance string // who it is about; "": nobody knows
	method   string // "": of no matter
	at       time.Time
}

// findings are replaced, not changed.
type findings []finding

func (f findings) about(what Discovery, instance, method string) bool {
	return slices.ContainsFunc(f, func(one finding) bool {
		return one.what == what && one.instance == instance && one.method == method
	})
}

func (f findings) any(what Discovery, method string) bool {
	return slices.ContainsFunc(f, func(one finding) bool { return one.what == what && one.method == method })
}

// without returns them but for those about an instance.
func (f findings) without(instance string) findings {
	return slices.DeleteFunc(slices.Clone(f), func(one finding) bool { return one.instance == instance })
}
