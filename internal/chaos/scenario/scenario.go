package scenario

import (
	"cmp"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

// Scenario is one attack on a system.
type Scenario struct {
	Name    string
	Promise string // what holds, in a sentence
	Bed     Bed
	Loads   []Load
	Steps   []Step
	// Netem is what the kernel is to do to all packets, in the words of tc's netem, where this
	// machine allows it. Steps of Weather are done instead where it doesn't, by proxies.
	Netem string
	// Settle is how long the harness waits after the last call has ended, for what may still
	// come late. Default 1 s.
	Settle time.Duration
	Bounds []verdict.Bound
	// Short is by how much all times of loads and steps are multiplied in the short run; 0
	// leaves the scenario out of it.
	Short float64
}

// Load is a load and the client that carries it.
type Load struct {
	Client string // "client1" by default
	part.Load
}

// Carrier returns the client that carries it.
func (l Load) Carrier() string { return cmp.Or(l.Client, "client1") }

// steady is calls that do nothing, a few hundred a second, with two seconds for each.
func steady(lasts time.Duration) Load {
	return Load{Load: part.Load{Name: "steady", Method: "run", Rate: 200, For: lasts, Timeout: 2 * time.Second}}
}

// slack is by how much bounds on times are wider in the short run: it runs beside other work on
// machines that are shared. What is counted has the same bounds.
const slack = 3

// Shortened returns the scenario as it is in the short run.
func (s Scenario) Shortened() Scenario {
	scale := func(d *time.Duration) { *d = time.Duration(float64(*d) * s.Short) }
	s.Bounds = append([]verdict.Bound(nil), s.Bounds...)
	for i := range s.Bounds {
		if b := &s.Bounds[i]; b.Metric.IsTime() && b.Over == "" {
			b.Value *= slack
		}
	}
	s.Loads = append([]Load(nil), s.Loads...)
	for i := range s.Loads {
		scale(&s.Loads[i].At)
		scale(&s.Loads[i].For)
	}
	s.Steps = append([]Step(nil), s.Steps...)
	for i := range s.Steps {
		scale(&s.Steps[i].At)
	}
	return s
}

// Lasts returns how long the loads and the steps last.
func (s Scenario) Lasts() (lasts time.Duration) {
	for _, l := range s.Loads {
		lasts = max(lasts, l.At+l.For)
	}
	for _, step := range s.Steps {
		lasts = max(lasts, step.At)
	}
	return lasts
}
