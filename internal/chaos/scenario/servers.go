package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// servers are faults of servers.
var servers = []Scenario{
	{
		Name:    "server killed",
		Promise: "when one of two servers is killed, the other takes its calls, and only what the dead one had is lost",
		Bed:     Bed{Servers: make([]Server, 2)},
		Loads:   []Load{steady(12 * time.Second)},
		Steps:   []Step{{At: 4 * time.Second, Do: Kill, On: "server1"}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.01),
			verdict.AtMost(verdict.Noticed, 1),
			verdict.AtMost(verdict.OverranBy, 1),
			verdict.AtMost(verdict.Attempts, 1.1),
		},
		Short: 0.5,
	},
}
