package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
)

// Bed is the processes of a scenario. They are called broker1, broker2, …, binder1, … and so on.
type Bed struct {
	// Brokers is 1, or 3 for a cluster. Default 1.
	Brokers int
	// Nats has NATS servers with NATS's own settings instead of brokers of package broker.
	// Those of a cluster are connected through proxies, for faults of Routes.
	Nats bool
	// OneWay has each of three connect with the next one alone, the last with the first. Where two connect with
	// each other at once, one of the routes is given up, and now and then that which is needed: so one that
	// broke is there again after 1.1 s, or 2.2 s.
	OneWay bool
	// Accounts is what stands in the configuration of a NATS server beside the rest.
	Accounts string
	// SmallDisk is the size of the disk that a broker's data is on, in bytes; 0 for that of
	// the machine.
	SmallDisk int64

	Binders int           // default 1
	Lease   time.Duration // default 30 s

	Servers []Server // default: one
	// Apart has the servers run on a processor that nothing else uses, where the machine has several and lets that be
	// chosen.
	Apart   bool
	Clients int // default 1
	Liars   int // default none
	// Herd is the connections of one process, herd1, of clients that call nobody. Default none.
	Herd int

	// Later are the clients that aren't there before a step has them Join. Their loads begin after that.
	Later []string
	// Hedging are the clients that make calls a second time that take unusually long.
	Hedging []string
	// ByBus are the clients that use no direct links, whatever servers take.
	ByBus []string
	// Proxied are the parts that connect to brokers through a proxy, for faults of their connections.
	Proxied []string
	// Suspended are those of them whose clocks can be set back, by steps of Weather.
	Suspended []string
	// As are the users that parts connect as, for Accounts. Their passwords are their names.
	As map[string]string
}

// Server is a server process.
type Server struct {
	part.Server
	Processors int  // that Go may use, 0 for all
	Linked     bool // it takes direct links
	Proxied    bool // these go through a proxy, for faults of connections
}

// WithDefaults returns the bed with its defaults.
func (b Bed) WithDefaults() Bed {
	if b.Brokers == 0 {
		b.Brokers = 1
	}
	if b.Binders == 0 {
		b.Binders = 1
	}
	if b.Lease == 0 {
		b.Lease = 30 * time.Second
	}
	if len(b.Servers) == 0 {
		b.Servers = make([]Server, 1)
	}
	if b.Clients == 0 {
		b.Clients = 1
	}
	return b
}

// Linked returns how many servers take direct links.
func (b Bed) Linked() (servers int) {
	for _, s := range b.Servers {
		if s.Linked {
			servers++
		}
	}
	return servers
}
