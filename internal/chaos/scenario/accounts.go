package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// accounts are set-ups of NATS in which a request is answered once, delivered twice, or answered
// by somebody who wasn't asked.
var accounts = []Scenario{
	{
		Name:    "a service that lies",
		Promise: "a service that is called now and then can't answer the calls of another one, nor have them made again",
		Bed:     Bed{Liars: 1},
		Loads: []Load{
			steady(8 * time.Second),
			{Load: part.Load{Name: "slow", Method: "nap", Work: 20 * time.Millisecond, Rate: 200, For: 8 * time.Second, Timeout: 2 * time.Second}},
			{Load: part.Load{Name: "lied to", Service: part.LiarName, Method: "run", Rate: 50, For: 8 * time.Second, Timeout: 2 * time.Second}},
		},
		// Thousands of calls would be made again if lies counted; a few may be on a busy machine.
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.01)},
		Short:  0.5,
	},
	{
		Name:    "allow_responses",
		Promise: "behind allow_responses, which lets a server answer a message once, no caller waits for a call that has ended",
		Bed: Bed{
			Nats: true, Accounts: oneAnswer,
			As: map[string]string{"binder1": "all", "client1": "all", "server1": "server"},
		},
		Loads:  mixed(10 * time.Second),
		Bounds: answeredOnce,
		Short:  0.5,
	},
	{
		Name:    "allow_responses, one of two servers frozen",
		Promise: "behind allow_responses, where no heartbeats come, a frozen server is found out by questions, and calls go to the other one",
		Bed: Bed{
			Nats: true, Accounts: oneAnswer, Servers: make([]Server, 2),
			As: map[string]string{"binder1": "all", "client1": "all", "server1": "server", "server2": "server"},
		},
		Loads: []Load{hasty(32 * time.Second)},
		Steps: frozen("server1", 12*time.Second, 27*time.Second),
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.1),
			verdict.AtMost(verdict.Noticed, 5),
			verdict.AtMost(verdict.OverranBy, 0.5),
			notMadeAgain,
		},
	},
	{
		Name:    "an export that takes one answer",
		Promise: "through a service export of the default kind, which takes one answer a request, no caller waits for a call that has ended",
		Bed: Bed{
			Nats: true,
			Accounts: `accounts: {
  S: { jetstream: enabled, users: [{ user: s, password: s }], exports: [{ service: "helium.>" }] }
  C: { users: [{ user: c, password: c }], imports: [{ service: { account: S, subject: "helium.>" } }] }
}`,
			As: map[string]string{"binder1": "s", "server1": "s", "client1": "c"},
		},
		Loads:  mixed(10 * time.Second),
		Bounds: answeredOnce,
	},
	{
		Name:    "an import beside members of the group",
		Promise: "where NATS delivers a request to two instances, a client finds out and calls run once from then on",
		Bed: Bed{
			Nats: true, Accounts: imported,
			Servers: make([]Server, 2),
			As:      map[string]string{"binder1": "s", "server1": "s", "server2": "c", "client1": "c"},
		},
		Loads: []Load{steady(8 * time.Second)},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtMost(verdict.Twice, 30), // those that ran before the first second answer came
		},
	},
	twice("an import beside members of the group, calls at once", 0,
		// All of the burst may be under way before the first second answer comes.
		verdict.AtMost(verdict.Twice, 400)),
	twice("an import beside members of the group, one of them slow", 300*time.Millisecond,
		verdict.AtMost(verdict.Twice, 500)),
}

// twice is a burst of calls that NATS delivers to two instances, of a client that has called nobody before, and calls
// after that. One of the instances may answer so much later.
func twice(name string, slowBy time.Duration, bound verdict.Bound) Scenario {
	return Scenario{
		Name:    name,
		Promise: "that NATS delivers calls to two instances is seen and counted, and no call runs twice after that",
		Bed: Bed{
			Nats: true, Accounts: imported,
			Servers: []Server{{}, {Server: part.Server{SlowBy: slowBy, SlowEach: 1}}},
			As:      map[string]string{"binder1": "s", "server1": "s", "server2": "c", "client1": "c", "client2": "c"},
			Clients: 2, Later: []string{"client2"},
		},
		Loads: []Load{
			on("client2", "burst", Load{Load: part.Load{Method: "run", Rate: 2000, At: 2 * time.Second, For: 200 * time.Millisecond, Timeout: 5 * time.Second}}),
			on("client2", "steady", later(4*time.Second, steady(6*time.Second))),
		},
		Steps: []Step{{Do: Join, On: "client2"}},
		Bounds: []verdict.Bound{
			bound,
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtMost(verdict.Twice, 0).Of("steady"),
			verdict.AtLeast(verdict.Twice, 1).Of("burst"),
			verdict.AtLeast(verdict.SeenTwice, 1),
		},
	}
}

// oneAnswer is a user of servers whose messages NATS lets them answer once.
const oneAnswer = `authorization: { users: [
  { user: all, password: all }
  { user: server, password: server, permissions: { publish: "helium.binder.>", subscribe: ">", allow_responses: true } }
] }`

// imported is an account that imports services of another one.
const imported = `accounts: {
  S: { jetstream: enabled, users: [{ user: s, password: s }], exports: [{ service: "helium.>", response_type: stream }] }
  C: { users: [{ user: c, password: c }], imports: [{ service: { account: S, subject: "helium.>" } }] }
}`

// mixed is calls that share messages and end at different times.
func mixed(lasts time.Duration) []Load {
	return []Load{
		steady(lasts),
		{Load: part.Load{Name: "slow", Method: "nap", Work: 100 * time.Millisecond, Rate: 200, For: lasts, Timeout: 2 * time.Second}},
		{Load: part.Load{Name: "bursts", Method: "run", Rate: 200, For: lasts, Timeout: 2 * time.Second}},
	}
}

var answeredOnce = []verdict.Bound{
	verdict.AtMost(verdict.FailedAs("deadline_exceeded, unknown"), 20), // until the server has found out
	verdict.AtMost(verdict.FailShare, 0.02),
}
