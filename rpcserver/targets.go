package rpcserver

import (
	"strings"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// targets are the subjects on which calls and cancels come to a server. They are made when
// it starts and stay as they are.
type targets struct {
	instance string
	names    wire.Subjects
	services []*service
	of       map[string]target

	// The subjects to subscribe to: those shared with the other instances, in the queue
	// group, and those of this instance.
	shared, own []string
	// allow are subjects and patterns of them that the server's user has to be allowed.
	allow []string
}

// target is what a subject stands for.
type target struct {
	service *service
	method  *method       // nil on a subject for several methods
	refusal *helium.Error // not nil: nothing is served there
	control bool          // cancels come there
}

// newTargets returns those of an instance's services. perMethod: callers send to the
// subjects of methods alone.
func newTargets(names wire.Subjects, instance string, services []*service, perMethod bool) *targets {
	t := &targets{instance: instance, names: names, services: services, of: make(map[string]target)}
	share := func(subject, atInstance string, to target) {
		t.shared = append(t.shared, subject)
		t.of[subject], t.of[atInstance] = to, to
	}
	for _, svc := range services {
		if !perMethod {
			share(names.Service(svc.name), names.ServiceAt(svc.name, instance), target{service: svc})
			t.allow = append(t.allow, names.Service(svc.name))
		}
		for name, m := range svc.methods {
			share(names.Method(svc.name, name), names.MethodAt(svc.name, instance, name), target{service: svc, method: m})
		}
		control := names.Control(svc.name, instance)
		t.of[control] = target{service: svc, control: true}
		t.own = append(t.own, names.ServiceAt(svc.name, instance), names.BelowAt(svc.name, instance), control)
		t.allow = append(t.allow, names.Method(svc.name, "*"), names.At(svc.name), names.Control(svc.name, "*"))
	}
	return t
}

// at returns what a subject stands for. Below the instance's own subject of a service
// anything may be asked for, so that a caller whose knowledge is old hears so at once.
func (t *targets) at(subject string) target {
	if to, ok := t.of[subject]; ok {
		return to
	}
	for _, svc := range t.services {
		if method, ok := strings.CutPrefix(subject, t.names.ServiceAt(svc.name, t.instance)+"."); ok {
			return target{refusal: helium.ErrNoMethod.WithMessage("instance %s of service %q has no method %.64q", t.instance, svc.name, method)}
		}
	}
	// Only where calls of several methods aren't taken together.
	return target{refusal: helium.ErrNoMethod.WithMessage("instance %s serves nothing on %q; it takes calls on the subjects of methods only", t.instance, subject)}
}
