package scenario

import (
	"fmt"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// servers are faults of servers.
var servers = []Scenario{
	{
		Name:    "server killed",
		Promise: "when one of two servers is killed, the other takes its calls, and only what the dead one had is lost",
		Bed:     Bed{Servers: make([]Server, 2)},
		Loads:   []Load{steady(12 * time.Second)},
		Steps:   []Step{{At: 4 * time.Second, Do: Kill, On: "server1"}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.01),
			verdict.AtMost(verdict.Noticed, 1),
			verdict.AtMost(verdict.OverranBy, 1),
			notMadeAgain,
		},
		Short: 0.4,
	},
	{
		Name:    "server frozen",
		Promise: "a server that was frozen for 15 s runs no call whose time is over when it wakes",
		Bed:     Bed{Nats: true},
		Loads:   []Load{steady(25 * time.Second)},
		Steps:   frozen("server1", 3*time.Second, 18*time.Second),
		Bounds:  recovers(4, 1),
		Short:   0.35,
	},
	oneOfTwoFrozen("one of two servers frozen", "while one of two servers is frozen, calls go to the other from two seconds on",
		patient(32*time.Second),
		verdict.AtMost(verdict.FailShare, 0.06),
		verdict.AtMost(verdict.Noticed, 3),
		verdict.AtMost(verdict.Recovered, 2),
		verdict.AtMost(verdict.Max, 4),
	),
	oneOfTwoFrozen("one of two servers frozen, idempotent calls", "idempotent calls that a frozen server has are made again elsewhere, so hardly any fails",
		again(patient(32*time.Second)),
		verdict.AtMost(verdict.FailShare, 0.01),
		verdict.AtMost(verdict.Max, 5),
		notMadeAgain,
	),
	oneOfTwoFrozen("one of two servers frozen, calls of a second", "calls with less time than a server is silent for go to the other one from some seconds on, too",
		hasty(32*time.Second),
		verdict.AtMost(verdict.FailShare, 0.08),
		verdict.AtMost(verdict.Noticed, 4),
		verdict.AtMost(verdict.OverranBy, 0.5),
		notMadeAgain,
	),
	{
		Name:    "server frozen and killed",
		Promise: "callers of a server that is frozen, and killed later, learn of it in seconds and not at their deadlines",
		Bed:     Bed{Nats: true, Servers: make([]Server, 2)},
		Loads:   []Load{patient(20 * time.Second)},
		Steps: []Step{
			{At: 4 * time.Second, Do: Freeze, On: "server1"},
			{At: 10 * time.Second, Do: Kill, On: "server1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.08),
			verdict.AtMost(verdict.Noticed, 3),
			verdict.AtMost(verdict.FailedAs("deadline_exceeded, unknown"), 0),
		},
	},
	rolling("rolling restart", "no call fails while three servers are restarted one after the other", 1, 7*time.Second, 1),
	rolling("rolling restarts", "no call fails while three servers are restarted one after the other, ten times", 10, 48*time.Second, 0),
}

// oneOfTwoFrozen freezes a server of two, once its clients have called for some time: how many calls
// they may make again depends on how many they have made.
func oneOfTwoFrozen(name, promise string, load Load, bounds ...verdict.Bound) Scenario {
	return Scenario{
		Name: name, Promise: promise,
		Bed:    Bed{Nats: true, Servers: make([]Server, 2)},
		Loads:  []Load{load},
		Steps:  frozen("server1", 12*time.Second, 27*time.Second),
		Bounds: bounds,
	}
}

// patient is steady, with the default time for each call.
func patient(lasts time.Duration) Load {
	l := steady(lasts)
	l.Name, l.Timeout = "patient", 10*time.Second
	return l
}

// again is a load of calls that may be made again.
func again(l Load) Load {
	l.Name, l.Method = "idempotent", "again"
	return l
}

// hasty is steady, with less time for each call than it takes to see that a server is silent.
func hasty(lasts time.Duration) Load {
	l := steady(lasts)
	l.Name, l.Timeout = "hasty", time.Second
	return l
}

// rolling restarts three servers in turn, some rounds of it.
func rolling(name, promise string, rounds int, lasts time.Duration, short float64) Scenario {
	const servers, pause = 3, 1500 * time.Millisecond
	s := Scenario{
		Name: name, Promise: promise,
		Bed:    Bed{Servers: make([]Server, servers)},
		Loads:  []Load{steady(lasts)},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0), notMadeAgain},
		Short:  short,
	}
	at := pause
	for range rounds {
		for i := range servers {
			on := fmt.Sprintf("server%d", i+1)
			s.Steps = append(s.Steps, Step{At: at, Do: Stop, On: on}, Step{At: at, Do: Start, On: on})
			at += pause
		}
	}
	return s
}

// handlers are handlers that do what they shouldn't.
var handlers = []Scenario{{
	Name:    "bad handlers",
	Promise: "handlers that panic, ignore their context, leak or deadlock hold up nobody else",
	Loads: []Load{
		steady(12 * time.Second),
		{Load: part.Load{Name: "panic", Method: "panic", Rate: 20, For: 12 * time.Second, Timeout: 2 * time.Second}},
		{Load: part.Load{Name: "ignore", Method: "ignore", Work: 2 * time.Second, Rate: 20, For: 12 * time.Second, Timeout: 500 * time.Millisecond}},
		{Load: part.Load{Name: "leak", Method: "leak", Work: time.Minute, Rate: 20, For: 12 * time.Second, Timeout: 2 * time.Second}},
		{Load: part.Load{Name: "deadlock", Method: "deadlock", Rate: 5, For: 12 * time.Second, Timeout: 500 * time.Millisecond}},
	},
	Settle: 3 * time.Second,
	Bounds: []verdict.Bound{
		verdict.AtMost(verdict.Failed, 0).Of("steady"),
		verdict.AtMost(verdict.Failed, 0).Of("leak"),
		verdict.AtMost(verdict.P99, 0.25).Of("steady"),
		verdict.AtLeast(verdict.FailShare, 1).Of("panic"),
		verdict.AtMost(verdict.OverranBy, 1),
		verdict.AtMost(verdict.Goroutines, 1000), // those that leak and deadlock
	},
	Short: 0.4,
}}
