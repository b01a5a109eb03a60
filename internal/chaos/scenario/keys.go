package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// keyed are faults under which programs call with idempotency keys until they know.
var keyed = []Scenario{
	{
		Name:    "broker killed, calls with keys",
		Promise: "calls with idempotency keys that are made until their outcome is known all succeed and run once, though the broker is killed and restarted",
		Bed:     Bed{Servers: make([]Server, 3)},
		Loads:   []Load{once(12 * time.Second)},
		Steps: []Step{
			{At: 3 * time.Second, Do: Kill, On: "broker1"},
			{At: 5 * time.Second, Do: Start, On: "broker1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0)},
	},
	{
		Name:    "connections cut, calls with keys",
		Promise: "calls with idempotency keys that are made until their outcome is known all succeed and run once, though connections break",
		Bed:     Bed{Servers: make([]Server, 3), Proxied: []string{"server1", "server2", "client1"}},
		Loads:   []Load{once(12 * time.Second)},
		Steps: []Step{
			{At: 2 * time.Second, Do: Cut, On: "server1"},
			{At: 3 * time.Second, Do: Cut, On: "client1"},
			{At: 5 * time.Second, Do: Cut, On: "server2"},
			{At: 7 * time.Second, Do: Cut, On: "client1"},
			{At: 7 * time.Second, Do: Cut, On: "server1"},
		},
		Bounds: []verdict.Bound{verdict.AtMost(verdict.Failed, 0)},
	},
}

// once is calls of which many are under way at each moment, with plenty of time.
func once(lasts time.Duration) Load {
	return Load{Load: part.Load{Name: "once", Method: "nap", Work: 300 * time.Millisecond, Rate: 100, For: lasts, Timeout: 15 * time.Second, Once: true}}
}
