package direct

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// maxLinks is how many instances a client has links to.
	maxLinks = 64
	// askTime is how long an instance may take to give a ticket.
	askTime = 3 * time.Second
	// lookEvery is how often it looks whether there is something to do.
	lookEvery = time.Second
)

// ClientConfig says how a client gets its links. All fields are required.
type ClientConfig struct {
	Links Links
	// Secure reports whether the client's connection to NATS is encrypted: then so has to be what
	// leaves the host.
	Secure func() bool
	// Cluster returns the cluster that the client is connected to.
	Cluster func() string
	// Absent is told of an instance that a link led to, and where nobody listens by the bus any more.
	Absent func(service, instance string)
	Log    *slog.Logger
}

// Offer is an instance that offers direct links for a service, as its record says.
type Offer struct {
	Instance, Cluster string
	// Has reports whether the instance has a method.
	Has func(method string) bool
}

// Client has the direct links of a client: to the instances of the services that it calls, as far as
// these offer some and can be reached. Nobody waits for it.
//
//	Told ─▶ a peer for each instance ─▶ ask it for a ticket by the bus ─▶ dial ─▶ Links.Add
//	           ▲                                                                    │
//	           └── a growing pause ◀── it fails, breaks, or nobody has used it ◀────┘
type Client struct {
	config ClientConfig
	dialer dialer
	log    boundedLog
	random uint64 // picks to which of very many instances this client has links

	life    context.Context // ends with Close
	end     context.CancelFunc
	kicked  chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	peers  map[string]*peer // guarded by mu; by instance
	holds  map[string]*hold // guarded by mu; by service
	closed bool             // guarded by mu
}

// NewClient returns a client without links.
func NewClient(config ClientConfig) (*Client, error) {
	identity, err := NewIdentity()
	if err != nil {
		return nil, err
	}
	c := &Client{config: config, dialer: dialer{identity, config.Secure}, log: boundedLog{log: config.Log}, random: rand.Uint64(), kicked: make(chan struct{}, 1), peers: make(map[string]*peer)}
	c.life, c.end = context.WithCancel(context.Background())
	return c, nil
}

// Told takes in which instances offer links for a service. It must not wait, and doesn't.
func (c *Client) Told(service string, offers []Offer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.peers) == 0 && len(offers) == 0 {
		return
	}
	first := len(c.peers) == 0
	now := time.Now()
	for _, p := range c.peers {
		if w := p.services[service]; w != nil {
			w.offered = false
		}
	}
	for _, o := range offers {
		p := c.peers[o.Instance]
		if p == nil {
			p = &peer{instance: o.Instance, services: make(map[string]*wanted)}
			c.peers[o.Instance] = p
		}
		p.cluster = o.Cluster
		w := p.services[service]
		if w == nil {
			w = &wanted{used: now, hold: c.holdLocked(service)}
			p.services[service] = w
		}
		w.offered, w.has = true, o.Has
	}
	if first && len(c.peers) > 0 {
		c.running.Go(c.run)
	}
	c.kick()
}

// kick has the client look soon.
func (c *Client) kick() {
	select {
	case c.kicked <- struct{}{}:
	default:
	}
}

// run looks after the peers while there are any.
func (c *Client) run() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.life.Done():
			return
		case <-c.kicked:
		case <-ticker.C:
		}
		if !c.look(time.Now()) {
			return
		}
	}
}

// holdLocked returns the hold of a service.
func (c *Client) holdLocked(service string) *hold {
	if c.holds == nil {
		c.holds = make(map[string]*hold)
	}
	h := c.holds[service]
	if h == nil {
		h = new(hold)
		c.holds[service] = h
	}
	return h
}

// look does what is to be done now. It reports whether there are any peers.
func (c *Client) look(now time.Time) bool {
	c.mu.Lock()
	var over []*clientLink
	chosen := c.chooseLocked()
	for _, p := range c.peers {
		l, work := p.step(now, chosen[p.instance], c.config.Links)
		if l != nil {
			over = append(over, l)
		}
		if work != "" {
			p.working = true
			c.running.Go(func() { c.work(p, work) })
		}
		if p.isOver() {
			delete(c.peers, p.instance)
		}
	}
	more := len(c.peers) > 0
	c.mu.Unlock()
	for _, l := range over {
		if l.retire(func() bool { return c.config.Links.Busy(l.receiver) }) { // no call has gone by it meanwhile
			l.end(errUnused)
		}
	}
	return more
}

// chooseLocked returns the instances to which there are links: those that are called first, of these
// those of the own cluster, and of too many some that are the same each time.
func (c *Client) chooseLocked() map[string]bool {
	all := make([]*peer, 0, len(c.peers))
	for _, p := range c.peers {
		all = append(all, p)
	}
	if len(all) > maxLinks {
		now, cluster := time.Now(), c.config.Cluster()
		rank := func(p *peer) (rank int) {
			if !p.isUsed(now) {
				rank += 2
			}
			if p.cluster != cluster {
				rank++
			}
			return rank
		}
		slices.SortFunc(all, func(a, b *peer) int {
			return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(c.weight(b), c.weight(a)), cmp.Compare(a.instance, b.instance))
		})
		all = all[:maxLinks]
	}
	chosen := make(map[string]bool, len(all))
	for _, p := range all {
		chosen[p.instance] = true
	}
	return chosen
}

func (c *Client) weight(p *peer) uint64 { return wire.Weight(c.random, wire.Hash(p.instance)) }

// work gets, or renews, the right to call a service at an instance, and a link if there is none.
func (c *Client) work(p *peer, service string) {
	err := c.get(p, service)
	c.mu.Lock()
	p.working = false
	p.worked(service, err, time.Now())
	gone := p.wasLinked && p.link == nil && errors.Is(err, link.ErrNobody)
	c.mu.Unlock()
	if gone {
		c.config.Absent(service, p.instance)
	}
	c.kick() // there may be more services
}

// get gets the right to call a service at an instance, and a link if there is none.
func (c *Client) get(p *peer, service string) error {
	ticket, err := c.ask(service, p.instance)
	if err != nil {
		return at(StageTicket, err)
	}
	c.mu.Lock()
	l, w := p.link, p.services[service]
	if w == nil {
		c.mu.Unlock()
		return errUnused
	}
	has := w.has
	c.mu.Unlock()
	if l != nil && l.reason() == nil {
		if ticket.Server != l.server {
			return at(StageProof, errWrongKey)
		}
		number, err := l.further(ticket)
		if err != nil {
			return at(StageProof, err)
		}
		l.reach(service, number, has)
		return nil
	}
	conn, address, err := c.dialer.dial(c.life, p.instance, ticket)
	if err != nil {
		return err
	}
	l = &clientLink{conn: conn, instance: p.instance, address: address, server: ticket.Server, log: &c.log, rerouted: c.config.Links.Rerouted}
	l.services.Store(new(map[string]*linked))
	interrupt := context.AfterFunc(c.life, conn.close)
	number, err := l.firstTaken(ticket.ID)
	interrupt()
	if err != nil {
		conn.close()
		return at(StageProof, err)
	}
	conn.unlimited()
	return c.add(p, l, service, number, has)
}

// add has calls go by a link.
func (c *Client) add(p *peer, l *clientLink, service string, number uint16, has func(string) bool) error {
	added := make(chan struct{})
	l.broken = func(l *clientLink) {
		<-added
		if errors.Is(l.reason(), errSilent) { // first, so that no call that is made again goes there
			for service := range *l.services.Load() {
				if l.takes(service) {
					c.config.Links.FellSilent(service, l.instance)
				}
			}
		}
		if l.receiver != nil {
			c.config.Links.Remove(l.receiver, l.reason())
		}
		l.close()
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.link == l {
			p.lost(l.reason(), time.Now())
			c.kick()
		}
	}
	l.receiver = c.config.Links.Add(l) // it reaches nothing yet
	close(added)
	c.mu.Lock()
	if c.closed || l.receiver == nil {
		c.mu.Unlock()
		l.end(errClientClosed)
		return errClientClosed
	}
	c.running.Go(l.read)
	l.reach(service, number, has) // before it is seen: then calls go by it
	p.link, p.wasLinked, p.since = l, true, time.Now()
	c.mu.Unlock()
	return nil
}

// ask asks an instance for a ticket for a service.
func (c *Client) ask(service, instance string) (*wire.Ticket, error) {
	ctx, cancel := context.WithTimeout(c.life, askTime)
	defer cancel()
	data, e := c.config.Links.Ask(ctx, service, instance, c.dialer.question())
	if e != nil {
		return nil, e
	}
	return ReadTicket(data)
}

// Close ends all links and returns when nothing goes on any more.
func (c *Client) Close() {
	c.mu.Lock()
	c.closed = true
	var links []*clientLink
	for _, p := range c.peers {
		if p.link != nil {
			links = append(links, p.link)
		}
	}
	c.mu.Unlock()
	c.end()
	for _, l := range links {
		l.end(errClientClosed)
	}
	c.running.Wait()
}
