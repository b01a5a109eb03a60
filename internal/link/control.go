package link

import (
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/wire"
)

// Cancel implements Link.
func (b *bus) Cancel(c *Call, instances []string, timeOver bool) {
	service, seq, only := c.To.Endpoint.Service, c.seq, c.target().Endpoint.Instance
	if _, goesOn := c.Waiter.(Follower); goesOn && only != "" {
		// It may have no end of its own, and this cancel may get lost.
		b.receiver.forsaken.keep(seq, func(string) { b.cancelAt(service, only, seq, timeOver) })
	}
	if only == "" && c.Instance != nil {
		only = c.Instance.Name
	}
	switch {
	case only != "":
		instances = []string{only}
	case len(instances) > mostCanceled:
		b.receiver.canceled.keep(seq, func(instance string) { b.cancelAt(service, instance, seq, timeOver) })
		instances = b.speechless(service, c.To.Name, instances)
	}
	for _, instance := range instances {
		b.cancelAt(service, instance, seq, timeOver)
	}
}

// Control implements Link.
func (b *bus) Control(c *Call, instance string, token uint64, data []byte) *helium.Error {
	if b.keepsLate && !b.nc.IsConnected() {
		return notSent(nats.ErrConnectionReconnecting)
	}
	if err := b.nc.PublishRequest(b.subjects.Control(c.To.Endpoint.Service, instance), b.replySubject(token), data); err != nil {
		return notSent(err)
	}
	return nil
}

// mostCanceled is how many instances are told of a cancel, if nobody knows which one has the
// call. Of more, the one that has it will say so.
const mostCanceled = 8

// speechless returns the instances that don't say which calls they have.
func (b *bus) speechless(service, method string, instances []string) []string {
	speak := make(map[string]bool)
	for _, p := range b.registry.Peers(service, method) {
		speak[p.Name] = p.Abilities.Has(wire.Heartbeats)
	}
	return slices.DeleteFunc(slices.Clone(instances), func(instance string) bool { return speak[instance] })
}

// cancelAt tells one instance that nobody waits for a call any more. A cancel that gets lost costs
// the server the rest of the call's time.
func (b *bus) cancelAt(service, instance string, seq uint64, timeOver bool) {
	if subject := b.subjects.Control(service, instance); !b.uncancelable.has(subject) {
		_ = b.nc.PublishRequest(subject, b.replySubject(0), CancelOf(seq, timeOver))
	}
}
