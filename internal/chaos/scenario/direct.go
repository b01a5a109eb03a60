package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// direct is faults of servers that are called by direct links, and of what isn't needed then.
var direct = []Scenario{
	{
		Name:    "direct links, server killed",
		Promise: "when one of two servers is killed, its callers learn it at once, and the other takes its calls",
		Bed:     linked(2),
		Loads:   []Load{steady(12 * time.Second), again(steady(12 * time.Second))},
		Steps:   []Step{{At: 4 * time.Second, Do: Kill, On: "server1"}},
		Bounds: append(byLinks(0.8),
			verdict.AtMost(verdict.Failed, 5),
			verdict.AtMost(verdict.Failed, 0).Of("idempotent"),
			verdict.AtMost(verdict.Max, 0.2).Of("idempotent"),
			verdict.AtMost(verdict.Noticed, 0.05),
			verdict.AtMost(verdict.Max, 1),
			verdict.AtMost(verdict.OverranBy, 0.5),
			notMadeAgain,
		),
	},
	{
		Name:    "direct links, one of two servers frozen",
		Promise: "a frozen server's calls by its link fail within two seconds, and then all go to the other, by the bus as well",
		Bed:     linked(2),
		Loads:   []Load{patient(20 * time.Second)},
		Steps:   frozen("server1", 4*time.Second, 14*time.Second),
		Bounds: append(byLinks(0.9),
			verdict.AtMost(verdict.FailShare, 0.005),
			verdict.AtMost(verdict.Noticed, 2.1),
			verdict.AtMost(verdict.Recovered, 1),
			verdict.AtMost(verdict.Max, 1),
		),
	},
	overLinks(rolling("direct links, rolling restarts", "no call fails while three servers are restarted one after the other, three times", 3, 16*time.Second, 0)),
	{
		Name:    "direct links, brokers and binders killed",
		Promise: "calls go on by direct links while there is no broker and no binder, and when they come back",
		Bed:     linked(2),
		Loads:   []Load{steady(14 * time.Second)},
		Steps:   append(killed("broker1", 3*time.Second, 8*time.Second), killed("binder1", 3*time.Second, 8*time.Second+500*time.Millisecond)...),
		Bounds:  append(byLinks(0.99), verdict.AtMost(verdict.Failed, 0), notMadeAgain),
	},
	{
		Name:    "direct links cut",
		Promise: "direct links that break are made again, and only what was under way is lost",
		Bed:     Bed{Servers: []Server{{Linked: true, Proxied: true}, {Linked: true, Proxied: true}}},
		Loads:   []Load{steady(12 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Cut, On: "server1"},
			{At: 6 * time.Second, Do: Cut, On: "server2"},
			{At: 9 * time.Second, Do: HalfClose, On: "server1"},
		},
		Bounds: append(byLinks(0.7),
			verdict.AtMost(verdict.FailShare, 0.005),
			verdict.AtMost(verdict.Noticed, 0.5),
			notMadeAgain,
		),
		Short: 0.7, // the pauses before a link is made again stay as long as they are
	},
}

// linked is servers that are called by direct links.
func linked(servers int) Bed {
	b := Bed{Servers: make([]Server, servers)}
	for i := range b.Servers {
		b.Servers[i].Linked = true
	}
	return b
}

// overLinks has the servers of a scenario called by direct links.
func overLinks(s Scenario) Scenario {
	s.Bed = linked(len(s.Bed.Servers))
	s.Bounds = append(s.Bounds, byLinks(0.5)...)
	return s
}

// byLinks says what share of the calls went by direct links at least: else a scenario shows nothing
// of them.
func byLinks(share float64) []verdict.Bound {
	return []verdict.Bound{verdict.AtLeast(verdict.Direct, share)}
}
