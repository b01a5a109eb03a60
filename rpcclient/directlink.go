package rpcclient

import (
	"time"

	"github.com/helium-rpc/helium/internal/direct"
)

// DirectLink is how a client stands with an instance that offers direct links for a service which
// the client calls.
type DirectLink struct {
	Instance string
	// Cluster is that of the NATS server which the instance is connected to, "" if it has no name.
	Cluster string
	// Stage is how far the client has got: [LinkTicket], [LinkReachable], [LinkTLS], [LinkProof] or
	// [Linked].
	Stage string
	// Reason is why it got no further the last time, or of a link why the calls of a service don't go by
	// it, which NATS may deny while it permits another's; nil: it is on its way, or linked.
	Reason error
	// Retry is when it tries again, where there is a Reason.
	Retry time.Time
	// Address is what was dialed, and Encrypted whether the connection is TLS, where there is one.
	Address   string
	Encrypted bool
	// Services are those whose calls go by the link, by name. There are none without a link.
	Services []string
}

// The stages of a [DirectLink], in order.
const (
	LinkTicket    = string(direct.StageTicket)    // it asks the instance for a ticket, by the bus
	LinkReachable = string(direct.StageReachable) // it dials the addresses in the ticket
	LinkTLS       = string(direct.StageTLS)       // both ends shake hands
	LinkProof     = string(direct.StageProof)     // both ends prove to know the ticket's secret
	Linked        = string(direct.StageLinked)    // calls go by the link
)

// DirectLinks returns how the client stands with each instance that offers direct links, by the
// instances' names; none with Config.BusOnly. A link that isn't used for a minute is closed, and
// opened again when there are calls.
func (c *Client) DirectLinks() []DirectLink {
	if c.unmade() != nil || c.direct == nil {
		return nil
	}
	states := c.direct.States()
	links := make([]DirectLink, len(states))
	for i, s := range states {
		links[i] = DirectLink{
			Instance: s.Instance, Cluster: s.Cluster, Stage: string(s.Stage), Reason: s.Reason, Retry: s.Retry,
			Address: s.Address, Encrypted: s.Encrypted, Services: s.Services,
		}
	}
	return links
}
