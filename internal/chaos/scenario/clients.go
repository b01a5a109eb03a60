package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// clients are faults of clients, and what clients do when everything fails.
var clients = []Scenario{
	{
		Name:    "client killed",
		Promise: "the handlers of 1,000 calls end within seconds of their caller's death, and others notice nothing",
		Bed:     Bed{Clients: 2, Servers: []Server{{Server: part.Server{MaxInFlight: 2000}}}},
		Loads: []Load{
			steady(12 * time.Second),
			on("client2", "held", Load{Load: part.Load{Method: "nap", Work: time.Minute, Rate: 1000, For: time.Second, Timeout: time.Minute}}),
		},
		Steps: []Step{{At: 3 * time.Second, Do: Kill, On: "client2"}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0).Of("steady"),
			verdict.AtMost(verdict.Unanswered, 1000),
			verdict.AtMost(verdict.Running, 0),
		},
	},
	{
		Name:    "client frozen",
		Promise: "a client that was frozen ends its calls when it wakes, and none of them runs late",
		Bed:     Bed{Nats: true},
		Loads:   []Load{steady(16 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Freeze, On: "client1"},
			{At: 11 * time.Second, Do: Thaw, On: "client1"},
		},
		// Calls that were meant to start while it was frozen start when it wakes.
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Recovered, 3), verdict.AtMost(verdict.FailShare, 0.05)},
	},
	{
		Name:    "everything fails for a minute",
		Promise: "while nothing works, clients send at most 1.1 times as many calls as they are asked to make",
		Loads:   []Load{again(steady(64 * time.Second))},
		Steps: []Step{
			{At: 2 * time.Second, Do: Kill, On: "server1"},
			{At: 62 * time.Second, Do: Start, On: "server1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Attempts, 1.1), verdict.AtMost(verdict.Recovered, 1)},
	},
	{
		Name:    "everything fails for some seconds",
		Promise: "while nothing works, clients send at most 1.1 times as many calls as they are asked to make",
		Loads:   []Load{again(steady(8 * time.Second))},
		Steps: []Step{
			{At: 2 * time.Second, Do: Kill, On: "server1"},
			{At: 6 * time.Second, Do: Start, On: "server1"},
		},
		// Ten retries are free.
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Attempts, 1.1+10/1600.0), verdict.AtMost(verdict.Recovered, 1)},
		Short:  1,
	},
}
