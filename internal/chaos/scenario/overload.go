package scenario

import (
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// overload is servers of one processor, which nothing else uses, that get many times what they can do. What they do is
// compared with what they do at four fifths of it, which they easily can. Calls of clients that know
// nothing of each other come at random, so that some wait at four fifths, too; at even distances none does.
var overload = []Scenario{
	flood("overload, 300 µs of work", "spin", 300*time.Microsecond, 2500, part.Server{}),
	longer(flood("overload, 10 ms of work", "spin", 10*time.Millisecond, 90, part.Server{})),
	random(flood("overload at random, 300 µs of work", "spin", 300*time.Microsecond, 2500, part.Server{})),
	random(longer(flood("overload at random, 10 ms of work", "spin", 10*time.Millisecond, 90, part.Server{}))),
	flood("overload, sleeping handlers", "nap", 50*time.Millisecond, 1000, part.Server{MaxInFlight: 50, MaxQueue: 50}),
	{
		Name:    "overload, a queue longer than patience",
		Promise: "a queue in which calls would wait longer than their callers doesn't end all of them",
		Bed:     Bed{Servers: []Server{{Server: part.Server{MaxQueue: 2000}, Processors: 1}}, Apart: true},
		Loads: []Load{
			phase("calm", "spin", 10*time.Millisecond, 70, 0, 5*time.Second),
			phase("double", "spin", 10*time.Millisecond, 180, 7*time.Second, 10*time.Second),
		},
		Bounds: []verdict.Bound{
			verdict.AtLeast(verdict.PerCPU, nearly).Of("double").DividedBy("calm"),
			verdict.AtMost(verdict.FailedAs("deadline_exceeded, unknown"), 20),
		},
	},
}

// refused is floods of what servers can't even keep until its turn comes.
var refused = []Scenario{
	{
		Name:    "a flood of large arguments",
		Promise: "calls whose arguments have no room in a server's queue are refused and certainly don't run, and its memory stays",
		Bed:     Bed{Servers: []Server{{Server: part.Server{MaxInFlight: 8, MaxQueue: 10_000, MaxQueueBytes: 4 << 20}}}},
		Loads: []Load{
			{Load: part.Load{Name: "flood", Method: "ponder", Work: 100 * time.Millisecond, Size: 256 << 10, Rate: 200, For: 10 * time.Second, Timeout: 10 * time.Second}},
			{Load: part.Load{Name: "beside", Method: "run", Rate: 50, For: 10 * time.Second, Timeout: 10 * time.Second}},
		},
		Bounds: append(slices.Clone(allTold),
			verdict.AtLeast(verdict.Goodput, 0.7*80).Of("flood"), // of what its handlers can do
			verdict.AtMost(verdict.ServerRSS, 150),
		),
	},
	{
		Name:    "more calls at once than can wait",
		Promise: "calls that come faster than a server reads them, and for which it has no room, are refused, and nobody waits out a deadline",
		Bed:     Bed{Clients: 3, Servers: []Server{{Server: part.Server{MaxQueueBytes: 256 << 10}, Processors: 1}}},
		Loads: []Load{
			patient(7 * time.Second), on("client1", "flood1", crowd()), on("client2", "flood2", crowd()), on("client3", "flood3", crowd()),
		},
		Steps:  frozen("server1", 2*time.Second, 3*time.Second),
		Bounds: tooMany(0.5, verdict.AtMost(verdict.Recovered, 2).Of("patient")),
	},
	{
		Name:    "more messages at once than a channel holds",
		Promise: "of 120,000 messages that come at once, more than can wait, those beyond are refused and none is lost, and nobody waits out a deadline",
		Bed:     Bed{Clients: 2, Servers: []Server{{Processors: 1}}},
		Loads:   []Load{on("client1", "flood1", singles(3*time.Second)), on("client2", "flood2", singles(3*time.Second))},
		Steps:   frozen("server1", time.Second, 5*time.Second),
		Bounds:  tooMany(2),
	},
	{
		Name:    "more messages at once than a channel holds, allow_responses",
		Promise: "of 120,000 calls that share no messages, as their server may answer each once, and more of which are in flight than can wait, none waits out a deadline",
		Bed: Bed{
			Nats: true, Accounts: oneAnswer,
			Clients: 2, Servers: []Server{{Processors: 1}},
			As: map[string]string{"binder1": "all", "client1": "all", "client2": "all", "server1": "server"},
		},
		Loads:  []Load{on("client1", "flood1", apart(3*time.Second)), on("client2", "flood2", apart(3*time.Second))},
		Steps:  frozen("server1", time.Second, 5*time.Second),
		Bounds: tooMany(2),
	},
}

// crowd is a second of calls that do nothing, which begins when their server has just stopped reading.
func crowd() Load {
	l := later(2100*time.Millisecond, patient(800*time.Millisecond))
	l.Rate = 4000
	return l
}

// singles is so many calls, with a message for each, that two clients' are more than can wait.
func singles(lasts time.Duration) Load {
	return Load{Load: part.Load{Method: part.Single, Rate: 20_000, At: 1200 * time.Millisecond, For: lasts, Timeout: 30 * time.Second}}
}

// apart is as many calls by Helium's client.
func apart(lasts time.Duration) Load {
	l := singles(lasts)
	l.Method = "run"
	return l
}

// allTold says that whoever fails knows that its call didn't run.
var allTold = []verdict.Bound{
	verdict.AtMost(verdict.Unsure, 0),
	verdict.AtMost(verdict.FailedAs("deadline_exceeded, not executed"), 0),
	verdict.AtMost(verdict.Dropped, 0),
}

// tooMany says besides that messages were refused unread, of so many that not all of them can be kept: not where a
// machine is so busy that its clients make calls later than so many seconds. That none was refused is no sign of
// such a machine.
func tooMany(behind float64, more ...verdict.Bound) []verdict.Bound {
	return slices.Concat(allTold, []verdict.Bound{
		verdict.AtMost(verdict.Behind, behind).Needed(),
		verdict.AtLeast(verdict.RefusedWhole, 1),
	}, more)
}

// flood is a scenario of a server of one processor that can do so many calls a second.
func flood(name, method string, work time.Duration, capacity float64, server part.Server) Scenario {
	s := Scenario{
		Name:    name,
		Promise: "at twice, five and ten times its load, a server does nearly as much as at its best, and what it takes it does in time",
		Bed:     Bed{Servers: []Server{{Server: server, Processors: 1}}, Apart: true},
		Loads: []Load{
			phase("calm", method, work, atCalm*capacity, 0, 5*time.Second),
			phase("double", method, work, 2*capacity, 7*time.Second, 5*time.Second),
			phase("fivefold", method, work, 5*capacity, 14*time.Second, 5*time.Second),
			phase("tenfold", method, work, 10*capacity, 21*time.Second, 5*time.Second),
		},
		Bounds: []verdict.Bound{
			verdict.AtLeast(verdict.OKShare, 0.99).Of("calm").Needed(),
			verdict.AtMost(verdict.Unsent, 0.01).Of("tenfold").Needed(),
			verdict.AtMost(verdict.FailedAs("deadline_exceeded, unknown"), 20),
		},
	}
	for _, load := range s.Loads[1:] {
		s.Bounds = append(s.Bounds,
			verdict.AtLeast(verdict.PerCPU, nearly).Of(load.Name).DividedBy("calm"),
			verdict.AtMost(verdict.P99, 2).Of(load.Name).DividedBy("calm"))
		if method == "nap" { // what sleeps uses next to nothing of the processor
			s.Bounds = append(s.Bounds, verdict.AtLeast(verdict.Goodput, nearly/atCalm).Of(load.Name).DividedBy("calm"))
		}
	}
	return s
}

const (
	// atCalm is the part of what it can do that a server gets before a flood.
	atCalm = 0.8
	// nearly is how much of its best it is to do in one.
	nearly = 0.85
)

// longer has the loads of a flood of slow calls last four times as long. The calls that come before it is clear
// that too many do, some fifteen, wait longer than others; of 500 calls they would be more than one in a
// hundred.
func longer(s Scenario) Scenario {
	for i := range s.Loads[1:] {
		stretch(s.Loads, i+1, 4)
	}
	return s
}

// random has the calls of a flood come at random. Those at four fifths last longer, as the 99th
// percentile of what queues up by chance needs many calls.
func random(s Scenario) Scenario {
	for i := range s.Loads {
		s.Loads[i].Random = true
	}
	stretch(s.Loads, 0, 3)
	return s
}

// stretch has one of some loads last so many times as long, and those behind it begin later.
func stretch(loads []Load, which int, times time.Duration) {
	more := (times - 1) * loads[which].For
	loads[which].For += more
	for i := range loads[which+1:] {
		loads[which+1+i].At += more
	}
}

func phase(name, method string, work time.Duration, rate float64, at, lasts time.Duration) Load {
	return Load{Load: part.Load{Name: name, Method: method, Work: work, Rate: rate, At: at, For: lasts, Timeout: time.Second}}
}
