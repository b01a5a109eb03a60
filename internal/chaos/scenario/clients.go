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
			verdict.AtMost(verdict.Unfinished, 0).Of("held"),
			verdict.AtMost(verdict.OutlivedBy, 4),
			verdict.AtMost(verdict.Running, 0),
		},
		Short: 0.4,
	},
	{
		Name:    "client frozen",
		Promise: "a client that was frozen ends its calls when it wakes, and none of them runs late",
		Bed:     Bed{Nats: true},
		Loads:   []Load{steady(16 * time.Second)},
		Steps:   frozen("client1", 3*time.Second, 11*time.Second),
		// Calls that were meant to start while it was frozen start when it wakes.
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Recovered, 3), verdict.AtMost(verdict.FailShare, 0.05)},
	},
	{
		Name:    "a slow instance, hedged calls",
		Promise: "where one of three servers is slow now and then, hedged calls seldom are, and what isn't idempotent runs once",
		Bed: Bed{
			Servers: []Server{{Server: part.Server{SlowBy: 300 * time.Millisecond, SlowEach: 10}}, {}, {}},
			Clients: 2, Hedging: []string{"client2"},
		},
		Loads: []Load{
			on("client1", "plain", again(steady(10*time.Second))),
			on("client2", "hedged", again(steady(10*time.Second))),
			on("client2", "not idempotent", steady(10*time.Second)),
		},
		Bounds: append(noneFails("plain", "hedged", "not idempotent"),
			// Three in a hundred are slow.
			verdict.AtLeast(verdict.P99, 0.25).Of("plain"),
			verdict.AtLeast(verdict.P99, 0.25).Of("not idempotent"),
			verdict.AtMost(verdict.P99, 0.5).Of("hedged").DividedBy("plain"),
			verdict.AtLeast(verdict.Again, 1).Of("hedged"),
			verdict.AtMost(verdict.Again, 0).Of("plain"),
			notMadeAgain,
		),
	},
	everythingFails("everything fails for a minute", time.Minute, 0),
	everythingFails("everything fails for some seconds", 4*time.Second, 1),
}

// everythingFails has the only server killed for a while.
func everythingFails(name string, lasts time.Duration, short float64) Scenario {
	load := again(steady(lasts + 4*time.Second))
	const free = 10 // retries, whatever else
	return Scenario{
		Name:    name,
		Promise: "while nothing works, clients send at most 1.1 times as many calls as they are asked to make",
		Loads:   []Load{load},
		Steps:   killed("server1", 2*time.Second, 2*time.Second+lasts),
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Attempts, 1.1+free/(load.Rate*load.For.Seconds())),
			verdict.AtMost(verdict.Recovered, 1),
		},
		Short: short,
	}
}
