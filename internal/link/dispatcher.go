package link

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
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
	bus       *bus
	inFlight  inFlight
	sent      sentLog
	deadlines *Sweep
	endpoints endpoints
	oneWay    atomic.Bool // some call was sent one way
	closed    atomic.Bool

	_       [64]byte // keeps what every call writes out of the cache lines of what it reads
	lastSeq atomic.Uint64
	// Counters count what was sent and received.
	Counters Counters
	_        [64]byte

	mu    sync.Mutex
	links atomic.Pointer[[]*Receiver] // replaced with mu; those beside the bus
	used  linkID                      // guarded by mu; the last one given to a link
}

// NewDispatcher returns a dispatcher whose first link is the bus: nc, which stays the
// caller's to close. Log gets what concerns no single call.
func NewDispatcher(nc *nats.Conn, subjects wire.Subjects, log *slog.Logger) *Dispatcher {
	d := &Dispatcher{bus: newBus(nc, subjects, log)}
	d.bus.receiver = d.newReceiver(d.bus, 0)
	d.links.Store(new([]*Receiver))
	d.deadlines = NewSweep(d.inFlight.expire)
	// An outsider can't guess a call that is in flight, even if it knew the inbox.
	d.lastSeq.Store(rand.Uint64() >> 1)
	return d
}

func (d *Dispatcher) newReceiver(link Link, id linkID) *Receiver {
	return &Receiver{id: id, link: link, inFlight: &d.inFlight, sent: &d.sent, counters: &d.Counters}
}

// Open begins to receive answers by the bus, and returns once NATS has the subscriptions:
// its own and those that also makes.
func (d *Dispatcher) Open(ctx context.Context, events Events, also func() error) error {
	return d.bus.open(ctx, events, also)
}

// Add has messages go by one more link, where it reaches. The link hands what comes back to
// the receiver. It returns nil if there are too many links, or the dispatcher is closed.
func (d *Dispatcher) Add(link Link) *Receiver {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := make(map[linkID]bool, maxLinks)
	links := *d.links.Load()
	for _, r := range links {
		taken[r.id] = true
	}
	if d.closed.Load() || len(links) >= maxLinks-1 {
		return nil
	}
	for d.used = d.used%(maxLinks-1) + 1; taken[d.used]; d.used = d.used%(maxLinks-1) + 1 {
	}
	r := d.newReceiver(link, d.used)
	all := append(append([]*Receiver{}, links...), r)
	d.links.Store(&all)
	return r
}

// Remove has no more messages go by a link, and fails the calls that it has taken.
func (d *Dispatcher) Remove(gone *Receiver) {
	d.mu.Lock()
	var left []*Receiver
	for _, r := range *d.links.Load() {
		if r != gone {
			left = append(left, r)
		}
	}
	d.links.Store(&left)
	d.mu.Unlock()
	gone.Lost()
}

// Endpoint returns where calls go to a service, or with an instance's name to that one.
func (d *Dispatcher) Endpoint(service, instance string) *Endpoint {
	return d.endpoints.get(service, instance, d.NewEndpoint)
}

// NewEndpoint is Endpoint for an instance that the registry doesn't know: nobody keeps it.
func (d *Dispatcher) NewEndpoint(service, instance string) *Endpoint {
	e := &Endpoint{
		Service: service, Instance: instance,
		subject:    d.bus.subjects.Service(service),
		subjectOf:  d.subjectOf,
		newBatcher: d.newBatcher,
		epoch:      &d.bus.epoch,
		methods:    make(map[string]*Method),
	}
	if instance != "" {
		e.subject = d.bus.subjects.ServiceAt(service, instance)
	}
	e.batcher = d.newBatcher(e)
	return e
}

func (d *Dispatcher) subjectOf(e *Endpoint, method string) string {
	if e.Instance != "" {
		return d.bus.subjects.MethodAt(e.Service, e.Instance, method)
	}
	return d.bus.subjects.Method(e.Service, method)
}

func (d *Dispatcher) newBatcher(e *Endpoint) *batch.Batcher {
	return batch.New(int(d.bus.payload.Load()), func(m *batch.Message) { d.publish(e, m) })
}

// Keep keeps an endpoint for those who call there next, and reports whether it is the one
// that they get.
func (d *Dispatcher) Keep(e *Endpoint) bool { return d.endpoints.keep(e) == e }

// Prune lets go of endpoints at instances of a service that aren't there.
func (d *Dispatcher) Prune(service string, isThere func(instance string) bool) {
	d.endpoints.prune(service, isThere)
}

// Forget lets go of the endpoints of a service.
func (d *Dispatcher) Forget(service string) { d.endpoints.forget(service) }

// Kept returns how many single instances have an endpoint that is kept.
func (d *Dispatcher) Kept() int { return d.endpoints.count() }

// MaxMessage is the size, in bytes, of the largest message that can be sent; 0: not known.
func (d *Dispatcher) MaxMessage() int { return int(d.bus.payload.Load()) }

// Connections counts the connections to a NATS server that the bus has had, from 1.
func (d *Dispatcher) Connections() uint64 { return d.bus.epoch.Load() }

// Inbox returns the subject under which the bus receives answers.
func (d *Dispatcher) Inbox() string { return d.bus.inbox }

// InFlight returns how many calls wait for their answer.
func (d *Dispatcher) InFlight() int { return int(d.inFlight.count.Load()) }

// Closed reports whether Close was called.
func (d *Dispatcher) Closed() bool { return d.closed.Load() }

// Send sends a call, whose frame lacks only its sequence number, and whose waiter is told how
// it ends. If there is an error, the waiter isn't. Args has taken the frame's body. If alone
// is true, the call goes on the subject of its method's own.
func (d *Dispatcher) Send(c *Call, f *wire.Frame, args *codec.Writer, alone bool) *helium.Error {
	c.seq, c.batcher = d.nextSeq(), c.To.batcherFor(alone)
	c.message.Store(0)
	f.Seq = c.seq
	others := d.inFlight.add(c) > 1
	d.deadlines.Watch(c.Deadline)
	// Close fails the calls in flight after it has set closed. So either it finds this
	// one, or this one finds closed set.
	if d.closed.Load() && d.Take(c) {
		return helium.ErrClientClosed.WithOutcome(helium.NotExecuted)
	}
	if batch.GoesWhole(f, others) {
		c.batcher.AddWhole(wire.Whole(f, args), c.To.Name, &c.message)
	} else {
		c.batcher.Add(f, c.To.Name, c.To.work(), others, &c.message)
	}
	return nil
}

// SendOneWay sends a call that nobody answers. It goes on the subject of its method always,
// where nobody listens who doesn't have that: an instance that had to refuse it couldn't tell
// anybody.
func (d *Dispatcher) SendOneWay(to *Method, f *wire.Frame) *helium.Error {
	if e := d.bus.ready(); e != nil {
		return e
	}
	if !d.oneWay.Load() { // every call reads what is beside it
		d.oneWay.Store(true)
	}
	to.batcherFor(true).Add(f, to.Name, to.work(), d.inFlight.count.Load() > 0, nil)
	return nil
}

// nextSeq returns a sequence number; 0 isn't one.
func (d *Dispatcher) nextSeq() uint64 {
	for {
		if seq := d.lastSeq.Add(1); seq != 0 {
			return seq
		}
	}
}

// publish sends a message of calls by the link that is chosen for it.
func (d *Dispatcher) publish(to *Endpoint, m *batch.Message) {
	d.Counters.Frames.Add(uint64(m.Frames))
	d.Counters.Messages.Add(1)
	by := d.choose(to, m.Method)
	e := d.sendBy(by, to, m)
	if e != nil && e.Outcome == helium.NotExecuted && by != d.bus.receiver {
		e = d.sendBy(d.bus.receiver, to, m)
	}
	if e != nil {
		d.inFlight.failMessage(m.ID, e)
	}
}

// choose returns the link of the next message to an endpoint: of two random ones that reach
// it the one with less expected work, and the bus where none does.
func (d *Dispatcher) choose(to *Endpoint, method string) *Receiver {
	links := *d.links.Load()
	if len(links) == 0 {
		return d.bus.receiver
	}
	one, other := pick(links, to, method), pick(links, to, method)
	switch {
	case one == nil:
		return d.bus.receiver
	case other != nil && other.link.Load() < one.link.Load():
		return other
	}
	return one
}

// pick returns a random link that reaches an endpoint; nil if none does.
func pick(links []*Receiver, to *Endpoint, method string) *Receiver {
	first := rand.IntN(len(links))
	for i := range links {
		if r := links[(first+i)%len(links)]; r.link.Reaches(to, method) {
			return r
		}
	}
	return nil
}

// sendBy sends a message by a link.
func (d *Dispatcher) sendBy(by *Receiver, to *Endpoint, m *batch.Message) *helium.Error {
	d.sent.leaving(m.ID, by.id, m.Method == "")
	disconnects := by.disconnects.Load()
	if e := by.link.Send(to, m); e != nil {
		return e
	}
	d.sent.taken(m.ID)
	if by.disconnects.Load() != disconnects {
		// Whoever handled the loss of the connection may not have seen that this
		// message was taken; see Receiver.Lost.
		return helium.ErrDisconnected.WithOutcome(helium.Unknown)
	}
	return nil
}

// Take takes a call out of the table for the caller to end; its waiter is told nothing. It
// returns false if somebody else was faster: then the waiter is being told.
func (d *Dispatcher) Take(c *Call) bool { return d.inFlight.take(c.seq) != nil }

// WentAlone reports whether a call left on the subject of its method's own, as far as is known.
func (d *Dispatcher) WentAlone(c *Call) bool { return d.sent.how(c.message.Load()) == alone }

// Cancel tells that nobody waits for a call any more: the instance that has it where the link
// knows that, otherwise all those named.
func (d *Dispatcher) Cancel(c *Call, instances []string) {
	by := d.sent.link(c.message.Load())
	for _, r := range *d.links.Load() {
		if r.id == by {
			r.link.Cancel(c, instances)
			return
		}
	}
	d.bus.Cancel(c, instances)
}

// Close fails the calls in flight and closes the links, but not the connection. Call it once.
func (d *Dispatcher) Close() {
	d.mu.Lock()
	d.closed.Store(true)
	links := *d.links.Load()
	d.mu.Unlock()
	for _, r := range links {
		r.link.Close()
	}
	d.bus.Close()
	// A call that comes after this sees that the client is closed; see Send.
	d.inFlight.failIf(func(*Call) bool { return true },
		helium.ErrClientClosed.WithMessage("the client was closed while the call was in flight").WithOutcome(helium.Unknown))
	d.deadlines.Stop()
}

// leaveTime bounds what Flush waits. A NATS server that is only busy takes less.
const leaveTime = 5 * time.Second

// Flush returns once the calls that were sent one way have left, for which nobody waits. An
// error means that they may not have: the NATS server didn't answer within 5 s.
func (d *Dispatcher) Flush() error {
	if d.oneWay.Load() && d.bus.nc.IsConnected() {
		if err := d.bus.nc.FlushTimeout(leaveTime); err != nil {
			return fmt.Errorf("one-way calls may not have left: %w", err)
		}
	}
	return nil
}
