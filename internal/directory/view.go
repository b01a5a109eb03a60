package directory

import (
	"maps"
	"slices"

	"github.com/helium-rpc/helium/internal/wire"
)

// View is what calls need of a service's records. It isn't changed, only replaced.
type View struct {
	// Versions are the different sets of methods that instances have.
	Versions []*Version
	// Instances are sorted by name.
	Instances []string
	// PerMethod: some instance doesn't listen to the subject for several methods.
	PerMethod bool

	byInstance map[string]*Version
	abilities  map[string]wire.Abilities // of those that have any
	clusters   map[string]string         // of those that say it
	findings   findings
	silent     map[string]bool // instances that calls keep away from
}

func newView(records map[string]*record, found findings, silent map[string]bool) *View {
	v := &View{byInstance: make(map[string]*Version, len(records)), PerMethod: found.about(NobodyForMany, "", ""), findings: found, silent: maps.Clone(silent)}
	v.Instances = slices.Sorted(maps.Keys(records))
	for _, instance := range v.Instances {
		known := records[instance]
		v.byInstance[instance] = known.version
		v.PerMethod = v.PerMethod || known.perMethod
		if known.cluster != "" {
			if v.clusters == nil {
				v.clusters = make(map[string]string)
			}
			v.clusters[instance] = known.cluster
		}
		if known.abilities != 0 {
			if v.abilities == nil {
				v.abilities = make(map[string]wire.Abilities)
			}
			v.abilities[instance] = known.abilities
		}
		if !slices.Contains(v.Versions, known.version) {
			v.Versions = append(v.Versions, known.version)
		}
	}
	return v
}

// VersionOf returns the version of an instance; nil: the registry doesn't know it.
func (v *View) VersionOf(instance string) *Version { return v.byInstance[instance] }

// Abilities returns what an instance can do beyond what every one can, as its record says.
func (v *View) Abilities(instance string) wire.Abilities { return v.abilities[instance] }

// Cluster returns the cluster of an instance, as its record says; "": it doesn't.
func (v *View) Cluster(instance string) string { return v.clusters[instance] }

// InstancesWith returns the instances whose records say that they have certain abilities.
func (v *View) InstancesWith(some wire.Abilities) (able []string) {
	for _, instance := range v.Instances {
		if v.abilities[instance].Has(some) {
			able = append(able, instance)
		}
	}
	return able
}

// VersionsAt returns the versions that a call may meet: the one of its instance, if it
// goes to one that the registry knows.
func (v *View) VersionsAt(instance string) []*Version {
	if known := v.byInstance[instance]; known != nil {
		return []*Version{known}
	}
	return v.Versions
}

// Idempotent reports whether every version of a method that a call may meet is.
func (v *View) Idempotent(instance, method string) bool {
	has := false
	for _, version := range v.VersionsAt(instance) {
		if m := version.byName[method]; m != nil {
			if !m.Idempotent {
				return false
			}
			has = true
		}
	}
	return has
}

func (v *View) hasMethod(name string) bool {
	return slices.ContainsFunc(v.Versions, func(version *Version) bool { return version.byName[name] != nil })
}

// Have returns how many instances have a method, as far as is known.
func (v *View) Have(method string) (n int) {
	for _, instance := range v.Instances {
		if v.byInstance[instance].byName[method] != nil && !v.Lacks(instance, method) {
			n++
		}
	}
	return n
}

// LackedBySome reports whether there are instances without a method.
func (v *View) LackedBySome(method string) bool {
	return v.Lacking(method) || slices.ContainsFunc(v.Versions, func(version *Version) bool { return version.byName[method] == nil })
}

// Lacking reports whether some instance was found to lack a method.
func (v *View) Lacking(method string) bool { return v.findings.any(LacksMethod, method) }

// Lacks reports whether an instance was found to lack a method.
func (v *View) Lacks(instance, method string) bool {
	return v.findings.about(LacksMethod, instance, method)
}

// Refusing reports whether some instance was found to take other arguments.
func (v *View) Refusing(method string) bool { return v.findings.any(RefusesArgs, method) }

// Silent reports whether an instance was found to be silent.
func (v *View) Silent(instance string) bool { return v.silent[instance] }

// SomeSilent reports whether some instance was, be it one that the registry has forgotten.
func (v *View) SomeSilent() bool { return len(v.silent) > 0 }

// Unaddressable reports whether the client was found to be denied the subjects of single
// instances for a method.
func (v *View) Unaddressable(method string) bool {
	return v.findings.about(Unaddressable, "", method)
}

// RunsTwice reports whether a call for any instance was found to be delivered to two of them.
func (v *View) RunsTwice() bool {
	return v.findings.about(RunsTwice, "", "")
}

// Absent reports whether nobody was found to listen on an instance's subjects.
func (v *View) Absent(instance string) bool { return v.findings.about(IsAbsent, instance, "") }
