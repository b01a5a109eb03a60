package scenario

import (
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// streams is faults of what takes more than a question and an answer: streams of each kind, large values,
// and calls to all instances, by the bus and by direct links, beside plain calls.
var streams = slices.Concat(
	byEachLink(Scenario{
		Name:    "streams, server killed",
		Promise: "when one of two servers is killed in mid-stream and in mid-value, who had these hears so, and the other takes what comes",
		Bed:     Bed{Servers: make([]Server, 2)},
		Loads:   varied("client1", 12*time.Second),
		Steps:   []Step{{At: 4 * time.Second, Do: Kill, On: "server1"}},
		Bounds: append(ofStreams("client1", verdict.AtMost(verdict.Failed, 12)),
			verdict.AtMost(verdict.FailShare, 0.01).Of("calls of client1"),
			verdict.AtMost(verdict.Noticed, 1),
			notMadeAgain,
		),
		Short: 0.35,
	}, verdict.AtMost(verdict.ToldAfter, 3), verdict.AtMost(verdict.ToldAfter, 0.5)),
	byEachLink(Scenario{
		Name:    "streams, server frozen",
		Promise: "who has a stream or a large value at a frozen server hears so in three seconds, and nothing of it goes on when that thaws",
		Bed:     Bed{Servers: make([]Server, 2)},
		Loads:   varied("client1", 16*time.Second),
		Steps:   frozen("server1", 4*time.Second, 12*time.Second),
		Bounds: append(ofStreams("client1", verdict.AtMost(verdict.FailShare, 0.3), verdict.AtMost(verdict.Noticed, 4)),
			verdict.AtMost(verdict.FailShare, 0.1).Of("carry of client1"),
			verdict.AtMost(verdict.ToldAfter, 3),
			verdict.AtMost(verdict.Recovered, 3),
		),
	}),
	byEachLink(Scenario{
		Name:    "streams, server cut off",
		Promise: "a server whose connections break, or hold everything back, in mid-stream and in mid-value loses what is under way, and nothing in silence",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1", "server2"}},
		Loads:   varied("client1", 16*time.Second),
		Steps: append([]Step{{At: 3 * time.Second, Do: Cut, On: "server1"}, {At: 4 * time.Second, Do: HalfClose, On: "server2"}},
			held("server1", 7*time.Second, 11*time.Second, proxy.Conditions{Held: true})...),
		Bounds: append(ofStreams("client1", verdict.AtMost(verdict.FailShare, 0.5)),
			verdict.AtMost(verdict.FailShare, 0.1).Of("carry of client1"),
			verdict.AtMost(verdict.ToldAfter, 3),
			verdict.AtMost(verdict.Recovered, 3),
		),
	}),
	busFirst(byEachLink(Scenario{
		Name:    "streams, client killed",
		Promise: "the handlers of streams and large values end within two seconds of their caller's death, and others notice nothing",
		Bed:     Bed{Servers: make([]Server, 2), Clients: 2},
		Loads:   append(varied("client1", 10*time.Second), varied("client2", 5*time.Second)...),
		Steps:   []Step{{At: 4 * time.Second, Do: Kill, On: "client2"}},
		Bounds: append(noneFails(namesOf(varied("client1", time.Second))...),
			verdict.AtMost(verdict.Unanswered, 200),
			verdict.AtMost(verdict.Unfinished, 0),
		),
		Short: 0.4,
	}, verdict.AtMost(verdict.OutlivedBy, 2), verdict.AtMost(verdict.OutlivedBy, 0.5))),
	byEachLink(Scenario{
		Name:    "streams, broker restarted",
		Promise: "what is under way by the bus ends with its broker and its callers hear so, what goes by direct links doesn't notice",
		Bed:     Bed{Servers: make([]Server, 2)},
		Loads:   varied("client1", 14*time.Second),
		Steps:   killed("broker1", 4*time.Second, 6*time.Second),
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.ToldAfter, 1), verdict.AtMost(verdict.Recovered, 4)},
	}, verdict.AtMost(verdict.FailShare, 0.4), verdict.AtMost(verdict.Failed, 0)),
	byEachLink(Scenario{
		Name:    "streams, 1 % loss",
		Promise: "where one packet in a hundred is lost, every stream and large value arrives whole",
		Bed:     Bed{Servers: make([]Server, 2), Proxied: []string{"server1", "client1"}},
		Netem:   "loss 1%",
		Loads:   smaller(varied("client1", 12*time.Second)),
		Steps:   []Step{{Do: Weather, On: "server1", Net: proxy.Conditions{Loss: 0.01}}, {Do: Weather, On: "client1", Net: proxy.Conditions{Loss: 0.01}}},
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.Failed, 0)},
	}),
)

// ofStreams returns bounds for the streams of each kind of a client.
func ofStreams(client string, each ...verdict.Bound) (bounds []verdict.Bound) {
	for _, b := range each {
		for _, method := range []string{"give", "take", "relay"} {
			bounds = append(bounds, b.Of(method+" of "+client))
		}
	}
	return bounds
}

// busFirst leaves all but the first of some scenarios out of the short run.
func busFirst(scenarios []Scenario) []Scenario {
	for i := range scenarios[1:] {
		scenarios[i+1].Short = 0
	}
	return scenarios
}

// varied is calls, and a few at once of each kind of what takes long, for a client, streams of two seconds, values of 6 MiB
// and calls to all instances. One in four of the streams that it is given it leaves in the middle.
func varied(client string, lasts time.Duration) []Load {
	const items, pause = 200, 10 * time.Millisecond
	stream := func(method string) Load {
		return Load{client, part.Load{Name: method + " of " + client, Method: method, Rate: 5, For: lasts, Timeout: 20 * time.Second, Items: items, Pause: pause}}
	}
	given := stream("give")
	given.Leaves = 4
	calls := steady(lasts)
	calls.Client, calls.Name = client, "calls of "+client
	return []Load{
		calls, given, stream("take"), stream("relay"),
		{client, part.Load{Name: "carry of " + client, Method: "carry", Rate: 2, For: lasts, Timeout: 10 * time.Second, Size: 6 << 20}},
		{client, part.Load{Name: part.Everywhere + " of " + client, Method: part.Everywhere, Rate: 10, For: lasts, Timeout: 5 * time.Second}},
	}
}

// smaller is a varied load whose large values are few and not much larger than a message: in each hundred packets of
// them one comes a fifth of a second late, and all behind it.
func smaller(loads []Load) []Load {
	for i := range loads {
		if l := &loads[i]; l.Size > 0 {
			l.Size, l.Rate, l.Timeout = 2<<20, 0.5, time.Minute
		}
	}
	return loads
}

func namesOf(loads []Load) (names []string) {
	for _, l := range loads {
		names = append(names, l.Name)
	}
	return names
}

// byEachLink returns a scenario by the bus, and by direct links; each has one of the bounds besides, if there are any.
func byEachLink(s Scenario, each ...verdict.Bound) []Scenario {
	direct := s
	direct.Name = "direct links, " + s.Name
	direct.Bed.Servers = slices.Clone(s.Bed.Servers)
	for i := range direct.Bed.Servers {
		direct.Bed.Servers[i].Linked = true
		direct.Bed.Servers[i].Proxied = len(s.Bed.Proxied) > 0
	}
	if len(each) > 0 {
		s.Bounds = append(slices.Clone(s.Bounds), each[0])
		direct.Bounds = append(slices.Clone(direct.Bounds), each[1])
	}
	return []Scenario{s, direct}
}
