package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/codec"
	"github.com/helium-rpc/helium/internal/batch"
	"github.com/helium-rpc/helium/internal/wire"
)

// Dispatcher has the calls in flight of one client, and the links they go by. It is safe for
// concurrent use.
//
//	Send ──▶ table of calls in flight ──▶ batcher of the endpoint
//	           ▲                            │ a message
//	           │                            ▼
//	           │                 a link, chosen for each message ──▶ … an instance
//	           │                                                        │
//	Waiter ◀── Receiver of the link ◀───────────────────────────────────┘
type Dispatcher struct {
	links     links
	inFlight  inFlight
	deadlines *Sweep
	endpoints endpoints
	clock     *clock
	vigil     *vigil
	byBus     *carrier
	oneWay    atomic.Bool // some call was sent one way
	closed    atomic.Bool

	_ [64]byte // keeps what every call writes out of the cache lines of what it reads
	// Counters count what was sent and received.
	Counters Counters
	_        [64]byte
}

// NewDispatcher returns a dispatcher whose first link is the bus: nc, which stays the
// caller's to close. Log gets what concerns no single call.
func NewDispatcher(nc *nats.Conn, subjects wire.Subjects, log *slog.Logger) *Dispatcher {
	d := &Dispatcher{clock: newClock()}
	d.links.inFlight, d.links.counters = &d.inFlight, &d.Counters
	d.links.useBus(nc, subjects, log)
	d.links.endpoint = d.Endpoint
	d.byBus = d.links.bus.receiver.carrier // here, as what is beside it there is written for each answer
	d.vigil = d.links.newVigil(d.clock.hello)
	d.deadlines = NewSweep(func(now time.Time) time.Time { return d.inFlight.expire(now, d.Overdue) })
	return d
}

// Open begins to receive answers by the bus, and returns once NATS has the subscriptions:
// its own and those that also makes.
func (d *Dispatcher) Open(ctx context.Context, events Events, also func() error) error {
	if events.Registry != nil {
		d.vigil.registry, d.links.bus.registry, d.links.registry = events.Registry, events.Registry, events.Registry
	}
	reconnected := events.Reconnected
	events.Reconnected = func() {
		d.clock.renew()
		reconnected()
	}
	d.links.twice, d.links.bus.receiver.twice = events.Twice, events.Twice
	return d.links.bus.open(ctx, events, also)
}

// Add has messages go by one more link, where it reaches, from now on. The link hands what
// comes back to the receiver, so it reads nothing before it has got that. Add returns nil if
// the dispatcher is closed.
func (d *Dispatcher) Add(link Link) *Receiver { return d.links.add(link) }

// Remove has no more messages go by a link, which is broken or closed, and fails the calls
// that it has taken. The reason is for people.
func (d *Dispatcher) Remove(gone *Receiver, reason error) { d.links.remove(gone, reason) }

// FellSilent is told by a link, while it beats, that nothing came any more from an instance, though it
// was asked for a sign: calls keep away from it until it answers by the bus.
func (d *Dispatcher) FellSilent(service, instance string) {
	if i := d.links.instances.named(service, instance); i != nil {
		d.vigil.hush(i)
	}
}

// Busy reports whether calls are in flight by a link that was added.
func (d *Dispatcher) Busy(by *Receiver) bool { return by.carrier.inFlight.Load() > 0 }

// Rerouted takes in that a link reaches something else than before.
func (d *Dispatcher) Rerouted() { d.links.reroute() }

// Endpoint returns where calls go to a service, or with an instance's name to that one.
func (d *Dispatcher) Endpoint(service, instance string) *Endpoint {
	return d.endpoints.get(service, instance, d.NewEndpoint)
}

// NewEndpoint is Endpoint for an instance that the registry doesn't know: nobody keeps it.
func (d *Dispatcher) NewEndpoint(service, instance string) *Endpoint {
	e := &Endpoint{
		Service: service, Instance: instance,
		subject:    d.links.bus.subjects.Service(service),
		subjectOf:  d.subjectOf,
		newBatcher: d.newBatcher,
		epoch:      &d.links.bus.epoch,
		clock:      d.clock.of(service),
		methods:    make(map[string]*Method),
	}
	if instance != "" {
		e.subject = d.links.bus.subjects.ServiceAt(service, instance)
	}
	e.batcher = d.newBatcher(e)
	return e
}

func (d *Dispatcher) subjectOf(e *Endpoint, method string) string {
	if e.Instance != "" {
		return d.links.bus.subjects.MethodAt(e.Service, e.Instance, method)
	}
	return d.links.bus.subjects.Method(e.Service, method)
}

func (d *Dispatcher) newBatcher(e *Endpoint) *batch.Batcher {
	return batch.New(d.MaxMessage,
		func(m *batch.Message) { d.clock.open(m, e.clock) },
		func(m *batch.Message) { d.links.send(e, m) })
}

// Keep keeps an endpoint for those who call there next, and reports whether it is the one
// that they get.
func (d *Dispatcher) Keep(e *Endpoint) bool { return d.endpoints.keep(e) == e }

// Told takes in what the registry says of a service's instances: which are there, and which
// answer each message by one message only. It lets go of what is known of those that aren't
// there.
func (d *Dispatcher) Told(service string, isThere func(instance string) bool, once []string) {
	d.endpoints.told(service, isThere, once)
	d.links.instances.prune(service, isThere)
	d.links.reroute() // instances may be more or fewer
}

// Forget lets go of the endpoints of a service.
func (d *Dispatcher) Forget(service string) {
	d.endpoints.forget(service)
	d.links.reroute()
	d.clock.forget(service)
	d.links.instances.prune(service, func(string) bool { return false })
}

// Kept returns how many single instances have an endpoint that is kept.
func (d *Dispatcher) Kept() int { return d.endpoints.count() }

// SentTo returns how many calls to a service were sent so far, by whatever link.
func (d *Dispatcher) SentTo(service string) uint64 { return d.endpoints.sent(service) }

// Ask asks an instance of a service on its own subject, by the bus, and returns the answer's data.
// Who isn't asked can't answer. An error is ErrNobody if nobody listens there.
func (d *Dispatcher) Ask(ctx context.Context, service, instance string, question []byte) ([]byte, *helium.Error) {
	return d.links.bus.question(ctx, d.links.bus.subjects.ServiceAt(service, instance), question)
}

// LeftByBus reports whether a call that was sent and is over left by NATS, and by no other link.
func (d *Dispatcher) LeftByBus(c *Call) bool { return c.by == d.byBus }

// MaxMessage is the size, in bytes, of the largest message that can be sent; 0: not known.
func (d *Dispatcher) MaxMessage() int { return int(d.links.bus.payload.Load()) }

// Connections counts the connections to a NATS server that the bus has had, from 1.
func (d *Dispatcher) Connections() uint64 { return d.links.bus.epoch.Load() }

// Inbox returns the subject under which the bus receives answers.
func (d *Dispatcher) Inbox() string { return d.links.bus.inbox }

// InFlight returns how many calls wait for their answer.
func (d *Dispatcher) InFlight() int { return int(d.inFlight.count.Load()) }

// Closed reports whether Close was called.
func (d *Dispatcher) Closed() bool { return d.closed.Load() }

// Send sends a call, whose frame lacks only its sequence number, and whose waiter is told how
// it ends. If there is an error, the waiter isn't. Args has taken the frame's body. If alone
// is true, the call goes on the subject of its method's own.
func (d *Dispatcher) Send(c *Call, f *wire.Frame, args *codec.Writer, alone bool) *helium.Error {
	others, e := d.enter(c, f, alone)
	if e != nil {
		return e
	}
	of := batch.Call{Method: c.To.Name, Work: c.To.work(), Deadline: c.Deadline, Left: &c.left, Apart: c.To.Endpoint.apart.yes.Load(), Anyone: c.Anyone}
	if batch.GoesWhole(f, others) {
		c.batcher.AddWhole(f, of, func(opening []byte) ([]byte, int) { return wire.Whole(opening, f, args) })
	} else {
		c.batcher.Add(f, of, others)
	}
	c.given = time.Duration(f.Time) * time.Millisecond
	return nil
}

// enter enters a call, whose frame gets its number, among those in flight, and readies it to leave. It reports
// whether others are in flight. If there is an error, the call isn't.
func (d *Dispatcher) enter(c *Call, f *wire.Frame, alone bool) (others bool, e *helium.Error) {
	if c.To.throttle.holds() {
		d.Counters.HeldBack.Add(1)
		return false, errHeldBack
	}
	c.batcher = c.To.batcherFor(alone)
	c.left.Set(0, 0)
	c.Instance, c.since, c.partly, c.asks, c.named = nil, 0, false, false, 0
	c.by, c.counted, c.at = d.byBus, false, nil
	others = d.inFlight.enter(c)
	f.Seq = c.seq
	d.deadlines.Watch(c.Deadline)
	d.vigil.pace.wake()
	// Close fails the calls in flight after it has set closed. So either it finds this
	// one, or this one finds closed set.
	if d.closed.Load() && d.Take(c) {
		return false, helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	return others, nil
}

// Disproves reports whether the error of a call claims that it waited for longer than it has been
// under way: the client's clock stood still, unknown to it. The call wasn't run. Messages to its
// service that are begun from now on say what another clock shows, so the call may be sent again at
// once.
func (d *Dispatcher) Disproves(e *helium.Error, c *Call) bool {
	if e.Outcome != helium.NotExecuted || !errors.Is(e, helium.ErrExpired) {
		return false
	}
	waited, ok := wire.Waited(e)
	begun := c.Deadline.Add(-c.given) // or up to a millisecond before
	if !ok || waited <= time.Since(begun).Truncate(time.Millisecond) {
		return false
	}
	d.clock.disproved(c.To.Endpoint.clock, begun)
	return true
}

// goesByBus reports whether a message of a one-way call, or to a single instance, would go by NATS now.
func (d *Dispatcher) goesByBus(to *Method) bool {
	by, _ := d.links.choose(to.Endpoint, to.Name, time.Time{}, true)
	return by == d.links.bus.receiver
}

// Permits returns why a one-way call can't go there: NATS refuses what isn't permitted long after it
// was published, and nobody waits for such a call. The first time on a connection it asks NATS, which
// takes a round trip. Why says, in the error, why the call has to go there.
func (d *Dispatcher) Permits(ctx context.Context, to *Method, why string) *helium.Error {
	if !d.goesByBus(to) {
		return nil
	}
	return d.links.bus.permits(ctx, to, why)
}

// PermitsControl is Permits for what goes on in a call at a single instance, see Control: without that it
// would never end.
func (d *Dispatcher) PermitsControl(ctx context.Context, to *Method, why string) *helium.Error {
	if !d.goesByBus(to) {
		return nil
	}
	return d.links.bus.permitsControl(ctx, to.Endpoint, why)
}

// SendOneWay sends a call that nobody answers. It goes on the subject of its method always,
// where nobody listens who doesn't have that: an instance that had to refuse it couldn't tell
// anybody. Nor is it addressed to one of several instances, as nobody would hear that this one is gone.
func (d *Dispatcher) SendOneWay(to *Method, f *wire.Frame, deadline time.Time) *helium.Error {
	if d.goesByBus(to) {
		if e := d.links.bus.ready(); e != nil {
			return e
		}
	}
	if !d.oneWay.Load() { // every call reads what is beside it
		d.oneWay.Store(true)
	}
	to.batcherFor(true).Add(f, batch.Call{Method: to.Name, Work: to.work(), Deadline: deadline, Anyone: true}, d.inFlight.count.Load() > 0)
	return nil
}

// Take takes a call out of the table for the caller to end; its waiter is told nothing. It
// returns false if somebody else was faster: then the waiter is being told.
func (d *Dispatcher) Take(c *Call) bool { return d.inFlight.take(c.seq) != nil }

// Withdraw keeps a call that was taken out of the table from leaving. It returns false if the
// call may have left.
func (d *Dispatcher) Withdraw(c *Call) bool { return c.withdraw() }

// Overdue tells that a call which was taken out of the table after it had left took longer than it
// should have.
func (d *Dispatcher) Overdue(c *Call) {
	d.abandon(c)
	d.vigil.noteOverdue(c)
}

// abandon takes note that nobody waits any more for a call that has left.
func (d *Dispatcher) abandon(c *Call) {
	if d.LeftByBus(c) {
		d.links.bus.receiver.abandoned.note(c.seq, c.To.Endpoint.Service)
	}
}

// WentAlone reports whether a call left on the subject of its method's own, as far as is known.
func (d *Dispatcher) WentAlone(c *Call) bool { return d.links.sent.how(c.left.In()) == alone }

// Cancel tells that nobody waits for a call any more: the instance that has it where the link
// knows that, otherwise all those named. Why is that its time is over, or that it was given up.
func (d *Dispatcher) Cancel(c *Call, instances []string, timeOver bool) {
	d.abandon(c)
	d.links.cancel(c, instances, timeOver)
	if c.since != 0 { // it lasted for a while
		d.vigil.noteOverdue(c)
	}
}

// Control tells the instance that has a call in flight, which was sent to a single one, something about
// it; see Link. An error says why it isn't told.
func (d *Dispatcher) Control(c *Call, data []byte) *helium.Error { return d.links.control(c, 0, data) }

// ControlAnew is Control on a reply subject that no other message has: NATS permits who answers by its
// allow_responses to answer there for a while, and permits nothing anew where that is permitted already.
func (d *Dispatcher) ControlAnew(c *Call, data []byte) *helium.Error {
	return d.links.control(c, unguessable(), data)
}

// Close fails the calls in flight and closes the links, but not the connection. Call it once.
func (d *Dispatcher) Close() {
	d.closed.Store(true)
	d.vigil.stop()
	// First, so that none is told that its link has ended. A call that comes after this sees that the client is closed; see Send.
	for _, c := range d.inFlight.takeIf(func(*Call) bool { return true }) {
		outcome := helium.Unknown
		if c.withdraw() {
			outcome = helium.NotExecuted
		}
		c.Waiter.Fail(helium.ErrClientClosed.WithMessage("the client was closed while the call was in flight").WithOutcome(outcome))
	}
	d.links.close()
	d.deadlines.Stop()
}

// leaveTime bounds what Flush waits. A NATS server that is only busy takes less.
const leaveTime = 5 * time.Second

// Flush returns once the calls that were sent one way have left, for which nobody waits. An
// error means that they may not have: the NATS server didn't answer within 5 s.
func (d *Dispatcher) Flush() error {
	if d.oneWay.Load() && d.links.bus.nc.IsConnected() {
		if err := d.links.bus.nc.FlushTimeout(leaveTime); err != nil {
			return fmt.Errorf("one-way calls may not have left: %w", err)
		}
	}
	return nil
}
