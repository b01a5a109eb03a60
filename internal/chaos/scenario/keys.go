package scenario

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// keyed are faults under which programs call with idempotency keys until they know.
var keyed = []Scenario{
	once("broker killed, calls with keys", "the broker is killed and restarted", killed("broker1", 3*time.Second, 5*time.Second)),
	once("connections cut, calls with keys", "connections break", []Step{
		{At: 2 * time.Second, Do: Cut, On: "server1"},
		{At: 3 * time.Second, Do: Cut, On: "client1"},
		{At: 5 * time.Second, Do: Cut, On: "server2"},
		{At: 7 * time.Second, Do: Cut, On: "client1"},
		{At: 7 * time.Second, Do: Cut, On: "server1"},
	}, "server1", "server2", "client1"),
}

// once is calls with keys, of which many are under way at each moment, with plenty of time.
func once(name, though string, steps []Step, proxied ...string) Scenario {
	load := part.Load{
		Name: "once", Method: "nap", Work: 300 * time.Millisecond, Rate: 100, For: 12 * time.Second, Timeout: 15 * time.Second, Once: true,
	}
	return Scenario{
		Name:    name,
		Promise: "calls with idempotency keys that are made until their outcome is known all succeed and run once, though " + though,
		Bed:     Bed{Servers: make([]Server, 3), Proxied: proxied},
		Loads:   []Load{{Load: load}},
		Steps:   steps,
		Bounds:  []verdict.Bound{verdict.AtMost(verdict.Failed, 0)},
	}
}
