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
		Short: 0.6,
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
			verdict.AtMost(verdict.Attempts, 1.1),
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
		Short:  0.6,
	},
	{
		Name:    "connections dead for 5 s",
		Promise: "what a network held up for 5 s runs no call whose time is over",
		Bed:     Bed{Nats: true, Servers: make([]Server, 2), Proxied: []string{"server1"}},
		Loads:   []Load{steady(14 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Weather, On: "server1", Net: proxy.Conditions{Held: true}},
			{At: 8 * time.Second, Do: Weather, On: "server1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Recovered, 3), verdict.AtMost(verdict.OverranBy, 0.5)},
	},
	{
		Name:    "slow consumer",
		Promise: "a server whose connection is too slow for its calls runs none late",
		Bed:     Bed{Servers: make([]Server, 1), Proxied: []string{"server1"}},
		Loads:   []Load{steady(20 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Weather, On: "server1", Net: proxy.Conditions{Rate: 4000}},
			{At: 11 * time.Second, Do: Weather, On: "server1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Recovered, 4), verdict.AtMost(verdict.OverranBy, 0.5), verdict.AtMost(verdict.Memory, 200)},
	},
	{
		Name:    "1 % loss",
		Promise: "where one packet in a hundred is lost, every call succeeds, some a little later",
		Bed:     Bed{Proxied: []string{"server1", "client1"}},
		Netem:   "loss 1%",
		Loads:   []Load{patient(12 * time.Second)},
		Steps: []Step{
			{Do: Weather, On: "server1", Net: proxy.Conditions{Loss: 0.01}},
			{Do: Weather, On: "client1", Net: proxy.Conditions{Loss: 0.01}},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.01), verdict.AtMost(verdict.P99, 1.5)},
		Short:  0.5,
	},
	{
		Name:    "200 ms delay",
		Promise: "over a network of 200 ms there and back every call succeeds, and none runs late",
		Bed:     Bed{Proxied: []string{"server1", "client1"}},
		Netem:   "delay 100ms",
		Loads:   []Load{steady(12 * time.Second)},
		Steps: []Step{
			{Do: Weather, On: "server1", Net: proxy.Conditions{Delay: 100 * time.Millisecond}},
			{Do: Weather, On: "client1", Net: proxy.Conditions{Delay: 100 * time.Millisecond}},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.01), verdict.AtMost(verdict.P99, 1.5)},
		Short:  0.5,
	},
}
