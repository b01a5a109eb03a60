package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// network is faults of connections.
var network = []Scenario{
	{
		Name:    "connections cut",
		Promise: "connections that break are made again, and only what was under way is lost",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1", "client1"}},
		Loads:   []Load{steady(12 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Cut, On: "server1"},
			{At: 7 * time.Second, Do: Cut, On: "client1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.05),
			verdict.AtMost(verdict.Noticed, 2),
		},
		Short: 0.4,
	},
	{
		Name:    "server half-open",
		Promise: "a server that believes in a connection which its broker has lost comes back by itself, and others serve meanwhile",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1"}},
		Loads:   []Load{steady(16 * time.Second)},
		Steps:   []Step{{At: 3 * time.Second, Do: HalfOpen, On: "server1"}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.01),
			verdict.AtMost(verdict.Noticed, 1),
		},
	},
	{
		Name:    "client half-open",
		Promise: "a client that believes in a connection which its broker has lost notices within seconds, and its calls end by their deadlines",
		Bed:     Bed{Proxied: []string{"client1"}},
		Loads:   []Load{steady(16 * time.Second)},
		Steps:   []Step{{At: 3 * time.Second, Do: HalfOpen, On: "client1"}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Noticed, 8),
			verdict.AtMost(verdict.OverranBy, 0.5),
			notMadeAgain,
		},
	},
	{
		Name:    "client half-closed",
		Promise: "a connection of which one half is closed is made again",
		Bed:     Bed{Proxied: []string{"client1", "server1"}},
		Loads:   []Load{steady(12 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: HalfClose, On: "client1"},
			{At: 7 * time.Second, Do: HalfClose, On: "server1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Noticed, 2), verdict.AtMost(verdict.OverranBy, 0.5)},
	},
	{
		Name:    "connections dead for 5 s",
		Promise: "what a network held up for 5 s runs no call whose time is over",
		Bed:     Bed{Nats: true, Servers: make([]Server, 2), Proxied: []string{"server1"}},
		Loads:   []Load{steady(14 * time.Second)},
		Steps:   held("server1", 3*time.Second, 8*time.Second, proxy.Conditions{Held: true}),
		Bounds:  recovers(3, 0.5),
	},
	{
		Name:    "slow consumer",
		Promise: "a server whose connection is too slow for its calls runs none late",
		Bed:     Bed{Servers: make([]Server, 1), Proxied: []string{"server1"}},
		Loads:   []Load{steady(20 * time.Second)},
		Steps:   held("server1", 3*time.Second, 11*time.Second, proxy.Conditions{Rate: 4000}),
		Bounds:  append(recovers(4, 0.5), verdict.AtMost(verdict.Memory, 200)),
	},
	throughout("1 % loss", "where one packet in a hundred is lost, every call succeeds, some a little later",
		"loss 1%", proxy.Conditions{Loss: 0.01}, patient(12*time.Second)),
	throughout("200 ms delay", "over a network of 200 ms there and back every call succeeds, and none runs late",
		"delay 100ms", proxy.Conditions{Delay: 100 * time.Millisecond}, steady(12*time.Second)),
}

// throughout has a network be so all the time: by the kernel, or else by proxies.
func throughout(name, promise, netem string, net proxy.Conditions, load Load) Scenario {
	return Scenario{
		Name: name, Promise: promise,
		Bed:    Bed{Proxied: []string{"server1", "client1"}},
		Netem:  netem,
		Loads:  []Load{load},
		Steps:  []Step{{Do: Weather, On: "server1", Net: net}, {Do: Weather, On: "client1", Net: net}},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.01), verdict.AtMost(verdict.P99, 1.5)},
		Short:  0.5,
	}
}
