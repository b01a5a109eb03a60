package scenario

import (
	"slices"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// lookups is lookups of a service, or with "" of the many that a client registered.
func lookups(service string, rate float64, at, lasts time.Duration) Load {
	return Load{Load: part.Load{Name: "lookups", Method: part.Lookup, Service: service, Rate: rate, At: at, For: lasts, Timeout: 10 * time.Second}}
}

// hurried is a load whose calls have little time each.
func hurried(l Load) Load {
	l.Name, l.Timeout = "hurried", 300*time.Millisecond
	return l
}

// binders are faults of binders and of their store.
var binders = []Scenario{
	{
		Name:    "binder frozen",
		Promise: "while one of two binders is frozen, lookups are answered by the other, most of them within a second",
		Bed:     Bed{Nats: true, Binders: 2},
		Loads:   []Load{lookups("work", 50, 0, 14*time.Second), hurried(lookups("work", 50, 0, 14*time.Second)), steady(14 * time.Second)},
		Steps:   frozen("binder1", 3*time.Second, 9*time.Second),
		// Each try meets the frozen one with even odds. The second is made after 250 ms, and the others 100 ms apart.
		Bounds: append(noneFails("steady", "lookups"),
			verdict.AtMost(verdict.P99, 1).Of("lookups"),
			verdict.AtMost(verdict.Max, 2).Of("lookups"),
			verdict.AtMost(verdict.OverranBy, 0.1),
		),
	},
	{
		Name:    "binders killed and the store wiped",
		Promise: "without binders calls go on, and a store that was wiped is full again within a renewal",
		Bed:     Bed{Binders: 2, Servers: make([]Server, 2), Lease: 6 * time.Second},
		Loads:   []Load{steady(11 * time.Second), lookups("work", 50, 8*time.Second, 3*time.Second)},
		Steps: slices.Concat(
			killed("binder1", 3*time.Second, 6*time.Second),
			killed("binder2", 3*time.Second, 6*time.Second),
			[]Step{{At: 4 * time.Second, Do: Wipe, On: "client1"}},
		),
		Bounds: noneFails("steady", "lookups"),
		Short:  1,
	},
	{
		Name:    "20,000 registrations, 10,000 lookups/s",
		Promise: "a registry of 20,000 instances answers 10,000 lookups a second",
		Bed:     Bed{Lease: 10 * time.Minute, Clients: 3},
		Loads: []Load{
			on("client2", "lookups2", lookups("", 5000, 30*time.Second, 10*time.Second)),
			on("client3", "lookups3", lookups("", 5000, 30*time.Second, 10*time.Second)),
		},
		Steps: []Step{{Do: Register, On: "client1", Count: 20_000}},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtMost(verdict.P99, 1),
			verdict.AtMost(verdict.Memory, 500),
		},
	},
	{
		Name:    "2,000 registrations, 500 lookups/s",
		Promise: "lookups are answered while 2,000 instances register",
		Bed:     Bed{Lease: 10 * time.Minute, Clients: 2},
		Loads:   []Load{on("client2", "lookups", lookups("work", 500, 0, 5*time.Second))},
		Steps:   []Step{{At: time.Second, Do: Register, On: "client1", Count: 2000}},
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.Failed, 0), verdict.AtMost(verdict.P99, 1)},
		Short:   0.8,
	},
	{
		Name:    "binders killed and frozen, histories",
		Promise: "what clients ask binders that are killed and frozen, and are answered, is explained by an order of the requests, also of a client that is killed",
		Bed:     Bed{Nats: true, Binders: 3, Clients: 3, Lease: 10 * time.Minute},
		Loads:   []Load{histories("client1", 14*time.Second), histories("client2", 14*time.Second), histories("client3", 8*time.Second)},
		Steps: slices.Concat(
			killed("binder1", 2*time.Second, 3*time.Second),
			killed("binder2", 4*time.Second, 5*time.Second),
			frozen("binder3", 3*time.Second, 6*time.Second),
			frozen("binder1", 7*time.Second, 10*time.Second),
			killed("binder3", 8*time.Second, 9*time.Second),
			[]Step{{At: 6 * time.Second, Do: Kill, On: "client3"}},
		),
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Unexplained, 0),
			verdict.AtLeast(verdict.OKShare, 0.9),
			verdict.AtMost(verdict.Unanswered, 50),
			verdict.AtMost(verdict.Recovered, 3),
		},
	},
}

// histories is requests of a client to the registry, of all kinds.
func histories(client string, lasts time.Duration) Load {
	return on(client, "histories of "+client, Load{Load: part.Load{Method: part.Registry, Rate: 40, For: lasts, Timeout: 10 * time.Second}})
}

// on is a load of another name that another client carries.
func on(client, name string, l Load) Load {
	l.Client, l.Name = client, name
	return l
}
