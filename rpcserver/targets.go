package rpcserver

import (
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// targets are the subjects on which calls and cancels come to a server. They are made when
// it starts and stay as they are.
type targets struct {
	// places say what comes to a subject.
	places map[string]link.Incoming
	// The subjects to subscribe to: those shared with the other instances, in the queue
	// group, those of this instance, and of these the ones for what concerns calls in flight.
	shared, own, control []string
	// allow are subjects and patterns of them that the server's user has to be allowed.
	allow []string
}

// newTargets returns those of an instance's services. perMethod: callers send to the
// subjects of methods alone.
func newTargets(names wire.Subjects, instance string, services []*service, perMethod bool) *targets {
	t := &targets{places: make(map[string]link.Incoming)}
	for _, svc := range services {
		at, control := names.ServiceAt(svc.name, instance), names.Control(svc.name, instance)
		t.places[at] = link.Incoming{Service: svc.name}
		t.places[control] = link.Incoming{Service: svc.name, Cancels: true}
		if !perMethod {
			subject := names.Service(svc.name)
			t.places[subject] = link.Incoming{Service: svc.name}
			t.shared = append(t.shared, subject)
			t.allow = append(t.allow, subject)
		}
		for name := range svc.methods {
			subject := names.Method(svc.name, name)
			to := link.Incoming{Service: svc.name, Method: name}
			t.places[subject], t.places[names.MethodAt(svc.name, instance, name)] = to, to
			t.shared = append(t.shared, subject)
		}
		t.own = append(t.own, at, names.BelowAt(svc.name, instance))
		t.control = append(t.control, control)
		t.allow = append(t.allow, names.Method(svc.name, "*"), names.At(svc.name), names.Control(svc.name, "*"))
	}
	return t
}
