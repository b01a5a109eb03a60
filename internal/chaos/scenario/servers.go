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
			verdict.AtMost(verdict.Attempts, 1.1),
		},
		Short: 0.4,
	},
	{
		Name:    "server frozen",
		Promise: "a server that was frozen for 15 s runs no call whose time is over when it wakes",
		Bed:     Bed{Nats: true},
		Loads:   []Load{steady(25 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Freeze, On: "server1"},
			{At: 18 * time.Second, Do: Thaw, On: "server1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Recovered, 4),
			verdict.AtMost(verdict.OverranBy, 1),
			verdict.AtMost(verdict.Attempts, 1.1),
		},
		Short: 0.35,
	},
	{
		Name:    "one of two servers frozen",
		Promise: "while one of two servers is frozen, calls go to the other from two seconds on",
		Bed:     Bed{Nats: true, Servers: make([]Server, 2)},
		Loads:   []Load{patient(24 * time.Second)},
		Steps: []Step{
			{At: 4 * time.Second, Do: Freeze, On: "server1"},
			{At: 19 * time.Second, Do: Thaw, On: "server1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.08),
			verdict.AtMost(verdict.Noticed, 3),
			verdict.AtMost(verdict.Recovered, 2),
			verdict.AtMost(verdict.Max, 4),
		},
	},
	{
		Name:    "one of two servers frozen, idempotent calls",
		Promise: "idempotent calls that a frozen server has are made again elsewhere, so none fails",
		Bed:     Bed{Nats: true, Servers: make([]Server, 2)},
		Loads:   []Load{again(patient(24 * time.Second))},
		Steps: []Step{
			{At: 4 * time.Second, Do: Freeze, On: "server1"},
			{At: 19 * time.Second, Do: Thaw, On: "server1"},
		},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.FailShare, 0.01),
			verdict.AtMost(verdict.Max, 5),
			verdict.AtMost(verdict.Attempts, 1.1),
		},
	},
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
	{
		Name:    "rolling restart",
		Promise: "no call fails while three servers are restarted one after the other",
		Bed:     Bed{Servers: make([]Server, 3)},
		Loads:   []Load{steady(7 * time.Second)},
		Steps:   rolling(3, 1, 1500*time.Millisecond),
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.1)},
		Short:   1,
	},
	{
		Name:    "rolling restarts",
		Promise: "no call fails while three servers are restarted one after the other, ten times",
		Bed:     Bed{Servers: make([]Server, 3)},
		Loads:   []Load{steady(48 * time.Second)},
		Steps:   rolling(3, 10, 1500*time.Millisecond),
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.Attempts, 1.1)},
	},
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

// rolling restarts servers in turn, some rounds of it.
func rolling(servers, rounds int, pause time.Duration) (steps []Step) {
	at := pause
	for range rounds {
		for i := range servers {
			on := fmt.Sprintf("server%d", i+1)
			steps = append(steps, Step{At: at, Do: Stop, On: on}, Step{At: at, Do: Start, On: on})
			at += pause
		}
	}
	return steps
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
