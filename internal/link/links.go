package link

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// links are the ways that messages of one client can go by: the bus, and others beside it.
type links struct {
	bus       *bus
	registry  Registry
	sent      sentLog
	instances instances
	inFlight  *inFlight
	manifests manifests
	counters  *Counters
	early     earlyCancels
	canceled  lateCancels
	forsaken  lateCancels // of streams, and of calls in chunks
	unlinked  *unlinked
	endpoint  func(service, instance string) *Endpoint
	twice     func(first, second *Instance) // see Events; set before the bus is opened

	routes atomic.Pointer[routes] // replaced when they change

	mu     sync.Mutex
	others atomic.Pointer[[]*Receiver] // replaced with mu
	closed bool                        // guarded by mu
}

// useBus makes nc the first link.
func (l *links) useBus(nc *nats.Conn, subjects wire.Subjects, log *slog.Logger) {
	l.forsaken.most = maxForsaken
	l.manifests.inFlight = l.inFlight
	l.bus, l.registry = newBus(nc, subjects, log), noRegistry{}
	l.bus.receiver = l.newReceiver(l.bus)
	l.bus.receiver.answered, l.bus.receiver.abandoned = new(answeredLog), new(abandonedLog)
	l.bus.receiver.met = new(met)
	l.bus.receiver.elsewhere = nc.Opts.InProcessServer == nil
	l.unlinked = newUnlinked()
	l.others.Store(new([]*Receiver))
	l.reroute()
}

// newVigil returns the one over the calls that leave by the bus. Hello is what asks an instance
// whether it is there.
func (l *links) newVigil(hello func(service string) []byte) *vigil {
	b := l.bus
	l.instances.beat.Store(1)
	v := &vigil{
		pulse: newPulse(b.echo), asks: &b.asks, by: b.receiver.carrier, inFlight: l.inFlight, instances: &l.instances, met: b.receiver.met,
		registry: noRegistry{}, counters: l.counters, beat: &l.instances.beat, doubts: make(map[*Instance]*doubt),
		hasLeft:   func(c *Call) bool { return l.sent.wasTaken(c.left.In()) },
		connected: b.nc.IsConnected,
		links:     l.beat,
		methodAt:  func(of *Instance, to *Method) string { return b.subjects.MethodAt(of.Service, of.Name, to.Name) },
		serviceAt: func(of *Instance) string { return b.subjects.ServiceAt(of.Service, of.Name) },
		ask:       func(of *Instance, subject string) *ask { return b.ask(of, subject, hello(of.Service)) },
	}
	v.strays.ask, v.strays.drop = v.askForStray, func(gone *ask) { b.asks.drop(func(one *ask) bool { return one == gone }) }
	v.pace.interval, v.pace.step = wire.HeartbeatInterval, v.step
	b.restarted = v.restart
	return v
}

func (l *links) newReceiver(link Link) *Receiver {
	return &Receiver{carrier: new(carrier), link: link, inFlight: l.inFlight, manifests: &l.manifests, instances: &l.instances, sent: &l.sent, counters: l.counters, canceled: &l.canceled, forsaken: &l.forsaken, twice: l.twice}
}

// add takes one more link; nil if all are closed.
func (l *links) add(link Link) *Receiver {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	r := l.newReceiver(link)
	r.number = l.freeNumberLocked()
	all := append(slices.Clone(*l.others.Load()), r)
	l.others.Store(&all)
	l.reroute()
	return r
}

// freeNumberLocked returns a number for a link beside the bus, whose own is 0.
func (l *links) freeNumberLocked() uint64 {
	for n := uint64(1); n < unnumbered; n++ {
		if !slices.ContainsFunc(*l.others.Load(), func(r *Receiver) bool { return r.number == n }) {
			return n
		}
	}
	return unnumbered
}

// remove lets no more messages go by a link, and fails the calls that it has taken.
func (l *links) remove(gone *Receiver, reason error) {
	gone.ended.Store(helium.ErrDisconnected.WithMessage("the direct link was lost while the call was in flight (%w)"+Unsettled, reason).WithOutcome(helium.Unknown))
	gone.removed.Store(true) // before its disconnects grow; see sendBy
	l.mu.Lock()
	left := slices.DeleteFunc(slices.Clone(*l.others.Load()), func(r *Receiver) bool { return r == gone })
	l.others.Store(&left)
	l.reroute()
	l.mu.Unlock()
	gone.Lost()
}

// send sends a message of calls by the link that is chosen for it.
func (l *links) send(to *Endpoint, m *batch.Message) {
	l.counters.Frames.Add(uint64(m.Frames))
	l.counters.Messages.Add(1)
	l.manifests.leaves(m)
	by, at := l.choose(to, m.Method, m.Began, m.Anyone)
	if at != nil {
		l.address(at, m)
		to = at
	}
	if by != l.bus.receiver {
		l.leavesBy(by, m)
		l.counters.DirectFrames.Add(uint64(m.Frames))
		l.counters.DirectMessages.Add(1)
	}
	e := l.sendBy(by, to, m)
	if e != nil && e.Outcome == helium.NotExecuted && by != l.bus.receiver {
		l.counters.DirectFrames.Add(-uint64(m.Frames))
		l.counters.DirectMessages.Add(^uint64(0))
		l.leavesBy(l.bus.receiver, m)
		by = l.bus.receiver
		e = l.sendBy(by, to, m)
	}
	if e != nil {
		failAll(l.inFlight.takeOf(m.Seqs, func(c *Call) bool { return c.left.In() == m.ID }), e)
		l.sent.taken(m.ID) // as nobody will
	}
	for _, cancel := range l.early.take(m.ID) {
		if e == nil {
			cancel(by)
		}
	}
}

// leavesBy notes by which link the calls of a message leave.
func (l *links) leavesBy(by *Receiver, m *batch.Message) {
	by.carrier.leaves(m.Began, m.Seqs)
	for _, seq := range m.Seqs {
		l.inFlight.show(seq, func(c *Call) { c.leavesBy(by.carrier) })
	}
}

// address notes to which instance the calls of a message are addressed.
func (l *links) address(to *Endpoint, m *batch.Message) {
	for _, seq := range m.Seqs {
		l.inFlight.show(seq, func(c *Call) { c.at = to.Method(c.To.Name) })
	}
}

// choose returns the link of the next message to an endpoint, of one method or "" of several, and
// where it goes at the one instance that it is to be addressed to; nil: to that endpoint. The message was
// begun at a certain time; zero: now. Anyone says that it isn't to be addressed.
func (l *links) choose(to *Endpoint, method string, began time.Time, anyone bool) (by *Receiver, at *Endpoint) {
	if len(*l.others.Load()) == 0 {
		return l.bus.receiver, nil
	}
	r := l.routes.Load().get(destination{to, method}, l.newRoute)
	by, instance := r.choose(l.bus.works.Load(), began)
	switch {
	case by != nil:
		return by, nil
	case instance == "" || anyone || r.addressing.works.Load() != l.bus.epoch.Load():
		return l.bus.receiver, nil
	}
	if at = l.endpoint(to.Service, instance); at.desertion.lasts() {
		return l.bus.receiver, nil
	}
	return l.bus.receiver, at
}

// newRoute finds the links to a destination.
func (l *links) newRoute(d destination) *route {
	r := new(route)
	linked := make(map[string]bool)
	for _, other := range *l.others.Load() {
		if other.link.Reaches(d.to, d.method) {
			r.links = append(r.links, other)
			linked[other.link.Instance()] = true
		}
	}
	if d.to.Instance != "" || len(r.links) == 0 {
		return r
	}
	for _, p := range l.registry.Peers(d.to.Service, d.method) {
		switch {
		case p.Away || linked[p.Name]:
		case p.Far:
			r.far++
		default:
			r.unlinked = append(r.unlinked, p.Name)
		}
	}
	if len(r.unlinked) > 0 {
		r.addressing = &d.to.addressing
		if d.method != "" {
			r.addressing = &d.to.Method(d.method).addressing
		}
		l.unlinked.try(l.bus, r.addressing, d.to.Service, d.method)
	}
	return r
}

// reroute has all routes found anew.
func (l *links) reroute() { l.routes.Store(new(routes)) }

// beat lets each link beside the bus beat; see Link.
func (l *links) beat(late bool) {
	l.manifests.drop()
	for _, r := range *l.others.Load() {
		r.link.Beat(r.carrier.inFlight.Load() > 0, late)
	}
}

// sendBy sends a message by a link.
func (l *links) sendBy(by *Receiver, to *Endpoint, m *batch.Message) *helium.Error {
	l.sent.leaving(m.ID, by.number, m.Method == "")
	disconnects := by.disconnects.Load()
	if by.removed.Load() {
		return helium.ErrNotSent.WithOutcome(helium.NotExecuted)
	}
	if e := by.link.Send(to, m); e != nil {
		return e
	}
	l.sent.taken(m.ID)
	if by.disconnects.Load() != disconnects {
		// Whoever handled the loss of the connection may not have seen that this
		// message was taken; see Receiver.Lost.
		return by.disconnected()
	}
	return nil
}

// cancel tells that nobody waits for a call any more, once the message that it left in is on its way.
func (l *links) cancel(c *Call, instances []string, timeOver bool) {
	message := c.left.In()
	if message == 0 || l.sent.wasTaken(message) {
		l.linkOf(c).link.Cancel(c, instances, timeOver)
		return
	}
	given := &Call{To: c.To, Waiter: c.Waiter, Instance: c.Instance, at: c.at, seq: c.seq} // c is its caller's again
	l.early.keep(message, func(by *Receiver) { by.link.Cancel(given, instances, timeOver) })
	if l.sent.wasTaken(message) {
		by := l.linkOf(c)
		for _, cancel := range l.early.take(message) {
			cancel(by)
		}
	}
}

// linkOf returns the link that a call left by which was taken out of the table: that may have been before its
// link was chosen. It is the bus if the link is gone, and the call with it.
func (l *links) linkOf(c *Call) *Receiver {
	number := l.sent.by(c.left.In())
	for _, r := range *l.others.Load() {
		if number != unnumbered && r.number == number || number == unnumbered && r.carrier == c.by {
			return r
		}
	}
	return l.bus.receiver
}

// control tells the instance of a call in flight something about it.
func (l *links) control(c *Call, token uint64, data []byte) *helium.Error {
	var by *carrier
	l.inFlight.show(c.seq, func(c *Call) { by = c.by })
	switch by {
	case nil:
		return errOver
	case l.bus.receiver.carrier:
		return l.bus.Control(c, c.To.Endpoint.Instance, token, data)
	}
	for _, r := range *l.others.Load() {
		if r.carrier == by {
			return r.link.Control(c, c.To.Endpoint.Instance, 0, data)
		}
	}
	return errOver // its link is gone
}

// errOver is the error of what can't be said of a call any more.
var errOver = helium.ErrNotSent.WithMessage("the call is over").WithOutcome(helium.NotExecuted)

// close closes all links.
func (l *links) close() {
	l.mu.Lock()
	l.closed = true
	others := *l.others.Load()
	l.mu.Unlock()
	l.unlinked.close()
	for _, r := range others {
		r.link.Close()
	}
	l.bus.Close()
}
