package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// clocks is clients of whose clocks servers know nothing, or nothing that is true.
var clocks = []Scenario{
	{
		Name:    "a new client at a thaw",
		Promise: "a server that wakes runs no call late of a client that began while it was frozen: what may be too late is refused, and certainly doesn't run",
		Bed:     Bed{Nats: true, Clients: 2, Later: []string{"client2"}},
		Loads:   []Load{steady(16 * time.Second), on("client2", "newcomer", later(5*time.Second, steady(11*time.Second)))},
		Steps: append(frozen("server1", 3*time.Second, 11*time.Second),
			Step{At: 4 * time.Second, Do: Join, On: "client2"}),
		Bounds: append(recovers(4, 1), verdict.AtLeast(verdict.Frozen, 1)),
	},
	suspended("a suspended client", "a client whose clock stood still while it was suspended goes on with another one, and no call fails for that",
		later(8*time.Second, hasty(8*time.Second))),
	{
		Name:    "a client whose clock lies",
		Promise: "a client that says anything of its clocks, of which it has more than a server remembers, harms nobody's calls but its own",
		Bed:     Bed{Clients: 2},
		Loads: []Load{
			steady(10 * time.Second),
			{Load: part.Load{Name: "slow", Method: "nap", Work: 300 * time.Millisecond, Rate: 50, For: 10 * time.Second, Timeout: 2 * time.Second}},
			on("client2", "lies", Load{Load: part.Load{Method: part.Misdated, Rate: 2000, For: 10 * time.Second, Timeout: 2 * time.Second}}),
		},
		Bounds: append(noneFails("steady", "slow"),
			verdict.AtLeast(verdict.Failed, 1).Of("lies"),
			verdict.AtMost(verdict.Unsure, 0).Of("lies"),
		),
	},
}

// suspended is a client that is frozen, and whose clock shows so much less from then on as if it had stood still
// meanwhile. One load is calls before, the other one those after.
func suspended(name, promise string, after Load) Scenario {
	const from, to = 3 * time.Second, 8 * time.Second
	return Scenario{
		Name: name, Promise: promise,
		Bed:   Bed{Nats: true, Servers: make([]Server, 2), Proxied: []string{"client1"}, Suspended: []string{"client1"}},
		Loads: []Load{steady(2 * time.Second), after},
		Steps: []Step{
			{At: from, Do: Freeze, On: "client1"},
			{At: to - 100*time.Millisecond, Do: Weather, On: "client1", Net: proxy.Conditions{Behind: to - from}},
			{At: to - 100*time.Millisecond, Do: Thaw, On: "client1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtLeast(verdict.WentOn, 1),
			verdict.AtMost(verdict.Attempts, 1.1),
		},
	}
}

// later is a load that begins at a time.
func later(at time.Duration, l Load) Load {
	l.At = at
	return l
}
