package main

import (
	"fmt"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/load"
)

// benchProgress tells the person at a terminal how a measurement goes, on one line.
type benchProgress struct {
	app  *app
	name string
	plan load.Plan
	live bool // somebody looks
	last time.Duration
}

func (a *app) newBenchProgress(name string, plan load.Plan) *benchProgress {
	p := &benchProgress{app: a, name: name, plan: plan, live: isTerminal(a.err) && !a.output.machine()}
	if p.live && plan.Warmup > 0 {
		fmt.Fprintf(a.err, "\r%s  warming up for %v", name, plan.Warmup)
	}
	return p
}

// point is called with each point of the timeline.
func (p *benchProgress) point(at load.Point) {
	if !p.live || at.To-p.last < 200*time.Millisecond {
		return
	}
	p.last = at.To
	time := at.To.Round(100 * time.Millisecond).String()
	if p.plan.Duration > 0 {
		time += " of " + p.plan.Duration.String()
	}
	fmt.Fprintf(p.app.err, "\r%s  %s  %.0f calls/s  p99 %v  errors %d\x1b[K", p.name, time, at.PerSecond(), load.Round(at.P99), at.Failed)
}

// stop clears the line.
func (p *benchProgress) stop() {
	if p.live {
		fmt.Fprint(p.app.err, "\r\x1b[K")
	}
}
