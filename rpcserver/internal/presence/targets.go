package presence

import (
	"github.com/helium-rpc/helium/binder"
	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// Targets are the subjects on which calls and cancels come to a server. They are made when
// it starts and stay as they are.
type Targets struct {
	// Places say what comes to a subject.
	Places map[string]link.Incoming
	// The subjects to subscribe to: those shared with the other instances, in the queue
	// group, those of this instance, and of these the ones for what concerns calls in flight.
	shared, own, control []string
	// allow are subjects and patterns of them that the server's user has to be allowed.
	allow []string
}

// NewTargets returns those of an instance's services, by their records.
func NewTargets(names wire.Subjects, instance string, records []binder.Record) *Targets {
	t := &Targets{Places: make(map[string]link.Incoming)}
	for _, record := range records {
		service := record.Service
		at, control := names.ServiceAt(service, instance), names.Control(service, instance)
		t.Places[at] = link.Incoming{Service: service}
		t.Places[control] = link.Incoming{Service: service, Cancels: true}
		if !record.PerMethod {
			subject := names.Service(service)
			t.Places[subject] = link.Incoming{Service: service}
			t.shared = append(t.shared, subject)
			t.allow = append(t.allow, subject)
		}
		for _, method := range record.Methods {
			subject := names.Method(service, method.Name)
			to := link.Incoming{Service: service, Method: method.Name}
			t.Places[subject], t.Places[names.MethodAt(service, instance, method.Name)] = to, to
			t.shared = append(t.shared, subject)
		}
		t.own = append(t.own, at, names.BelowAt(service, instance))
		t.control = append(t.control, control)
		t.allow = append(t.allow, names.Method(service, "*"), names.At(service), names.Control(service, "*"))
	}
	return t
}
