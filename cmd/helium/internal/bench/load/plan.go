package load

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Plan says which load to make. Its zero value is a closed loop of one caller for 10 s.
type Plan struct {
	// InFlight is how many calls are in flight at most. Default 1 for a closed loop,
	// which has that many all the time, and 1024 for an open one.
	InFlight int
	// Rate is how many calls are started a second, whether or not earlier ones were
	// answered. Default 0: as many as InFlight callers make.
	Rate float64
	// Duration is how long calls are started. Default 10 s, or without an end if Calls
	// is set.
	Duration time.Duration
	// Calls is how many calls are made at most. Default 0: as many as Duration takes.
	Calls int
	// Warmup is how long the load runs before it counts. Default 0.
	Warmup time.Duration
	// Begins, if set, is called once, when the warm-up is over and calls begin to count.
	Begins func()
	// Progress, if set, is called with each new point of the timeline, one at a time.
	Progress func(Point)
}

// Defaults and limits of a Plan.
const (
	defaultDuration = 10 * time.Second
	defaultOpen     = 1024

	// MaxInFlight is how many calls may be in flight.
	MaxInFlight = 100_000
	// MinRate and MaxRate are between what rates, in calls a second, a plan may ask for.
	MinRate, MaxRate = 0.001, 10_000_000
	// MaxTime is how long a plan may last, and its warm-up.
	MaxTime = 30 * 24 * time.Hour
)

// complete fills in the defaults, or says what can't be.
func (p Plan) complete() (Plan, error) {
	switch {
	case p.InFlight < 0 || p.InFlight > MaxInFlight:
		return p, fmt.Errorf("%d calls in flight can't be; ask for 1 to %d", p.InFlight, MaxInFlight)
	case p.Rate != 0 && !(p.Rate >= MinRate && p.Rate <= MaxRate): // nor NaN
		return p, fmt.Errorf("a rate of %v calls a second can't be; ask for %v to %d", p.Rate, MinRate, MaxRate)
	case p.Duration < 0 || p.Warmup < 0:
		return p, errors.New("a time below zero can't be; ask for one such as 10s")
	case p.Duration > MaxTime || p.Warmup > MaxTime:
		return p, fmt.Errorf("a time above %v can't be; ask for one such as 10s", MaxTime)
	case p.Calls < 0:
		return p, fmt.Errorf("%d calls can't be; ask for 1 or more", p.Calls)
	}
	if p.InFlight == 0 {
		p.InFlight = 1
		if p.Open() {
			p.InFlight = defaultOpen
		}
	}
	if p.Duration == 0 && p.Calls == 0 {
		p.Duration = defaultDuration
	}
	return p, nil
}

// Open reports whether calls start at a rate, not when callers are free.
func (p Plan) Open() bool { return p.Rate > 0 }

// scheduled returns how many calls an open loop's plan is meant to start; 0 if that
// isn't known.
func (p Plan) scheduled() int {
	n := p.Calls
	if p.Duration > 0 {
		// The first call is at 0, so the last one before the end is at ceil(rate·d)-1.
		if fit := int(math.Ceil(p.Rate * p.Duration.Seconds())); n == 0 || fit < n {
			n = fit
		}
	}
	return n
}
