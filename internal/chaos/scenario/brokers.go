package scenario

import (
	"fmt"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/proxy"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// brokers are faults of a broker that is alone.
var brokers = []Scenario{
	{
		Name:    "broker killed and restarted",
		Promise: "a broker's restart loses what is under way and nothing else, and nothing runs late",
		Loads:   []Load{steady(14 * time.Second)},
		Steps:   killed("broker1", 4*time.Second, 6*time.Second),
		Bounds:  recovers(4, 1),
		Short:   0.6,
	},
	{
		Name:    "broker frozen",
		Promise: "while the broker is frozen calls end by their deadlines, and nothing runs late when it wakes",
		Loads:   []Load{steady(18 * time.Second)},
		Steps:   frozen("broker1", 4*time.Second, 9*time.Second),
		Bounds:  recovers(4, 0.5),
		Short:   0.6,
	},
	{
		Name:    "broker killed, 200 connections",
		Promise: "after a broker's restart 200 clients come back one by one, and calls go well as soon as with few",
		Bed:     Bed{Herd: 200},
		Loads:   []Load{steady(14 * time.Second)},
		Steps:   killed("broker1", 4*time.Second, 6*time.Second),
		Bounds: append(recovers(4, 1),
			verdict.AtLeast(verdict.Returned, 200),
			verdict.AtMost(verdict.Rush, 0.5),
		),
	},
	{
		Name:    "disk full",
		Promise: "while the broker's disk is full calls go on, and registrations renew once there is room",
		Bed:     Bed{SmallDisk: 32 << 20, Lease: 3 * time.Second},
		Loads: []Load{
			steady(18 * time.Second),
			lookups("work", 20, 14*time.Second, 4*time.Second),
		},
		Steps: []Step{
			{At: 4 * time.Second, Do: Fill, On: "broker1"},
			{At: 8 * time.Second, Do: Free, On: "broker1"},
		},
		Bounds: noneFails("steady", "lookups"),
		Short:  0.7,
	},
}

// cluster is faults of each of three brokers in turn.
var cluster = []Scenario{
	inTurn("each of three brokers killed", "calls go on over the other brokers of a cluster when each in turn is killed",
		func(broker string, at time.Duration) []Step {
			return killed(broker, at, at+4*time.Second)
		},
		verdict.AtMost(verdict.FailShare, 0.2),
	),
	inTurn("each of three brokers frozen", "nothing runs late when each broker of a cluster in turn is frozen and wakes",
		func(broker string, at time.Duration) []Step {
			return frozen(broker, at, at+5*time.Second)
		},
		verdict.AtMost(verdict.FailShare, 0.3),
		verdict.AtMost(verdict.OverranBy, 0.5),
	),
	inTurn("each of three brokers partitioned", "nothing runs late when each broker of a cluster in turn is cut off from the others",
		func(broker string, at time.Duration) []Step {
			return []Step{{At: at, Do: Routes, On: broker, Net: proxy.Conditions{Held: true}}, {At: at + 5*time.Second, Do: Routes, On: broker}}
		},
		verdict.AtMost(verdict.FailShare, 0.3),
		verdict.AtMost(verdict.OverranBy, 0.5),
	),
}

func inTurn(name, promise string, fault func(broker string, at time.Duration) []Step, bounds ...verdict.Bound) Scenario {
	const pause = 10 * time.Second
	s := Scenario{
		Name: name, Promise: promise,
		Bed:    Bed{Brokers: 3, Nats: true, Binders: 3, Servers: make([]Server, 3), Clients: 3},
		Bounds: append(bounds, verdict.AtMost(verdict.Recovered, 6), notMadeAgain),
	}
	for i := range 3 {
		s.Steps = append(s.Steps, fault(fmt.Sprintf("broker%d", i+1), 3*time.Second+time.Duration(i)*pause)...)
		l := steady(4*time.Second + 3*pause)
		l.Client, l.Name, l.Rate = fmt.Sprintf("client%d", i+1), fmt.Sprintf("steady%d", i+1), 70
		s.Loads = append(s.Loads, l)
	}
	return s
}
