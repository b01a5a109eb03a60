package bench

import (
	"fmt"
	"io"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
	"github.com/helium-rpc/helium/cmd/helium/internal/cli"
	"github.com/helium-rpc/helium/internal/visible"
)

// progress tells the person at a terminal how a measurement goes, on one line.
type progress struct {
	env  *cli.Env
	name string
	plan load.Plan
	live bool // somebody looks
	last time.Duration
}

func newProgress(env *cli.Env, name string, plan load.Plan) *progress {
	p := &progress{env: env, name: visible.Line(name), plan: plan, live: env.Err.Terminal() && !env.Machine()}
	if p.live && plan.Warmup > 0 {
		fmt.Fprintf(p.line(), "\r%s  warming up for %s", p.name, amount.Exact(plan.Warmup))
	}
	return p
}

// line is where the line is drawn, again and again.
func (p *progress) line() io.Writer { return p.env.Err.Exact() }

// point is called with each point of the timeline.
func (p *progress) point(at load.Point) {
	if !p.live || at.To-p.last < 200*time.Millisecond {
		return
	}
	p.last = at.To
	time := at.To.Round(100 * time.Millisecond).String()
	if p.plan.Duration > 0 {
		time += " of " + amount.Exact(p.plan.Duration)
	}
	fmt.Fprintf(p.line(), "\r%s  %s  %s calls/s  p99 %v  errors %d\x1b[K", p.name, time, amount.Rate(at.PerSecond()), amount.Time(at.P99), at.Failed)
}

// stop clears the line.
func (p *progress) stop() {
	if p.live {
		fmt.Fprint(p.line(), "\r\x1b[K")
	}
}
