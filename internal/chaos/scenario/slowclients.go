package scenario

import (
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// slowClients is clients that take less than comes for them: answers, streams and large values.
var slowClients = slices.Concat(
	slowClient("slow client", "a client whose connections are too slow for its answers, streams and values loses none in silence", 20_000),
	slowClient("starved client", "a client that can send and gets nothing any more hears so, loses nothing in silence, and goes on when it gets something again", 1),
)

// slowClient is a client that gets so many bytes a second for a while, with all kinds of calls, by the bus and by direct
// links. Another one beside it, by the bus, notices nothing.
func slowClient(name, promise string, rate float64) []Scenario {
	const from, to = 4 * time.Second, 12 * time.Second
	net := proxy.Conditions{Rate: rate}
	loads := varied("client1", 20*time.Second)
	for i := range loads {
		if l := &loads[i]; l.Size > 0 {
			l.Size = 2 << 20
		}
	}
	loads = append(loads, on("client2", "others", steady(20*time.Second)))
	promise += ", and others notice nothing"
	bounds := append(noneFails("others"), slowly...)
	bus := Scenario{
		Name: name, Promise: promise,
		Bed:    Bed{Servers: make([]Server, 2), Proxied: []string{"client1"}, Clients: 2},
		Loads:  loads,
		Steps:  held("client1", from, to, net),
		Bounds: bounds,
	}
	direct := Scenario{
		Name: "direct links, " + name, Promise: promise,
		Bed:    Bed{Servers: []Server{{Linked: true, Proxied: true}, {Linked: true, Proxied: true}}, Proxied: []string{"client1"}, Clients: 2, ByBus: []string{"client2"}},
		Loads:  loads,
		Steps:  slices.Concat(held("client1", from, to, net), held("server1", from, to, net), held("server2", from, to, net)),
		Bounds: bounds,
	}
	return []Scenario{bus, direct}
}

// slowly is what holds for a client that gets too little.
var slowly = []verdict.Bound{
	verdict.AtMost(verdict.OverranBy, 1),
	verdict.AtMost(verdict.Recovered, 4),
	verdict.AtMost(verdict.Memory, 350),
}
