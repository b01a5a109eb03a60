package scenario

import (
	"fmt"
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// large is faults while large values are under way. Connections of servers, or direct links to them, are so slow
// that some are at every moment.
var large = slices.Concat(
	byEachLink(Scenario{
		Name:    "large values, server killed",
		Promise: "when a server is killed with large values half there, those are made again elsewhere, and what may have run is told",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1", "server2"}},
		Loads:   heavy(12*time.Second, 1900*time.Millisecond, 4900*time.Millisecond, 8*time.Second),
		Steps:   append(slow("server1", "server2"), Step{At: 5 * time.Second, Do: Kill, On: "server1"}),
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0).Of("values 1"),
			verdict.AtMost(verdict.Failed, 0).Of("values 3"),
			verdict.AtMost(verdict.FailShare, 0.01).Of("patient"),
			verdict.AtMost(verdict.RSSGrowth, 256),
			verdict.AtMost(verdict.ToldAfter, 3),
		},
	},
		// By the bus no value is there as a whole yet. By a direct link, which is slow the other way, results are on their way.
		verdict.AtMost(verdict.Failed, 0).Of("values 2"), verdict.AtMost(verdict.Failed, 9).Of("values 2")),
	byEachLink(Scenario{
		Name:    "large values, broker frozen",
		Promise: "large values that a frozen broker has half of arrive whole or end in time, and nothing of them runs late when it wakes",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1", "server2"}},
		Loads:   heavy(18*time.Second, 1900*time.Millisecond, 4900*time.Millisecond, 13*time.Second),
		Steps:   append(slow("server1", "server2"), frozen("broker1", 5*time.Second, 10*time.Second)...),
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.OverranBy, 0.5),
			verdict.AtMost(verdict.RSSGrowth, 256),
			verdict.AtMost(verdict.Recovered, 4),
			verdict.AtMost(verdict.Failed, 0).Of("values 1"),
			verdict.AtMost(verdict.Failed, 0).Of("values 3"),
		},
	}, verdict.AtMost(verdict.ToldAfter, 5), verdict.AtMost(verdict.Failed, 0)),
)

// heavy is calls, and so many values at once at each of some moments.
func heavy(lasts time.Duration, at ...time.Duration) []Load {
	calls := patient(lasts)
	calls.Rate = 100
	loads := []Load{calls}
	for i, at := range at {
		loads = append(loads, Load{Load: part.Load{
			Name: fmt.Sprintf("values %d", i+1), Method: "carry", Rate: 100, At: at, For: 100 * time.Millisecond, Timeout: 15 * time.Second, Size: 3 << 19,
		}})
	}
	return loads
}

// slow has connections of servers take most of a second for the values of a moment.
func slow(servers ...string) (steps []Step) {
	for _, server := range servers {
		steps = append(steps, Step{Do: Weather, On: server, Net: proxy.Conditions{Rate: 8e6}})
	}
	return steps
}
