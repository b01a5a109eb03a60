package scenario

import (
	"fmt"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// routes is faults of what connects the brokers of a cluster, while calls and streams are under way from one
// of them to another.
var routes = []Scenario{flapping()}

// flapping has the routes of the server's broker break again and again, each time while calls and streams are
// under way that have nothing to say. They are there again after some 1.1 s.
func flapping() Scenario {
	const (
		rounds = 3
		each   = 8 * time.Second
		runs   = 6 * time.Second
	)
	s := Scenario{
		Name:    "routes that flap",
		Promise: "long calls and quiet streams don't notice that routes of a cluster break again and again for less than two seconds",
		Bed:     Bed{Brokers: 3, Nats: true, OneWay: true, Binders: 3},
		Bounds: []verdict.Bound{
			verdict.AtMost(verdict.Failed, 0),
			verdict.AtMost(verdict.Abandoned, 0),
			verdict.AtMost(verdict.Attempts, 1),
			verdict.AtMost(verdict.Max, 8),
		},
	}
	for i := range rounds {
		at := time.Duration(i) * each
		s.Loads = append(s.Loads,
			Load{Load: part.Load{Name: fmt.Sprintf("long calls %d", i+1), Method: "nap", Work: runs, Rate: 400, At: at, For: 500 * time.Millisecond, Timeout: 20 * time.Second}},
			Load{Load: part.Load{Name: fmt.Sprintf("quiet streams %d", i+1), Method: "give", Items: 3, Pause: 2400 * time.Millisecond, Rate: 100, At: at, For: 200 * time.Millisecond, Timeout: 20 * time.Second}},
		)
		// Between the items, and while the calls run.
		s.Steps = append(s.Steps,
			Step{At: at + time.Second, Do: CutRoutes, On: "broker1"},
			Step{At: at + 3400*time.Millisecond, Do: CutRoutes, On: "broker1"},
		)
	}
	return s
}
