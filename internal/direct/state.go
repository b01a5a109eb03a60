package direct

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// State is how a client stands with an instance that offers links.
type State struct {
	Instance, Cluster string
	// Stage is how far it has got.
	Stage Stage
	// Reason is why it goes no further, or of a link why the calls of a service don't go by it; nil: it
	// is on its way, or linked.
	Reason error
	// Retry is when it tries again, where there is a reason; zero: not until other instances go.
	Retry time.Time
	// Address is what was dialed, and Encrypted whether the connection is TLS, where there is one.
	Address   string
	Encrypted bool
	// Services are those whose calls go by the link.
	Services []string
}

// errManyLinks is why there is no link to an instance of very many.
var errManyLinks = fmt.Errorf("a client has %d links at most, and this instance isn't among those that it has chosen; calls go there by NATS", maxLinks)

// States returns how the client stands with each instance that offers links.
func (c *Client) States() (all []State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	chosen := c.chooseLocked()
	for _, p := range c.peers {
		s := State{Instance: p.instance, Cluster: p.cluster, Stage: cmp.Or(p.stage, StageTicket), Reason: p.reason}
		if p.reason != nil {
			s.Retry = now.Add(p.soonest(now))
		}
		if p.link == nil && !chosen[p.instance] {
			s.Reason, s.Retry = errManyLinks, time.Time{}
		}
		if p.link != nil {
			s.Address, s.Encrypted = p.link.address, p.link.encrypted()
			for _, service := range slices.Sorted(maps.Keys(p.services)) {
				switch w := p.services[service]; {
				case w.linked:
					s.Services = append(s.Services, service)
				case w.reason != nil && s.Reason == nil:
					s.Reason, s.Retry = fmt.Errorf("service %q: %w", service, w.reason), now.Add(p.waits(w, now))
				}
			}
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b State) int { return strings.Compare(a.Instance, b.Instance) })
	return all
}

// Linked returns how many links the client has.
func (c *Client) Linked() (links int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.peers {
		if p.link != nil {
			links++
		}
	}
	return links
}
