package verdict

import (
	"errors"
	"fmt"
)

// Verdict is what is said about a run of a scenario.
type Verdict struct {
	Scenario string
	Promise  string
	// Means are what the faults were made with, where that differs between machines.
	Means []string
	// Broken is why nothing can be said: the run itself failed. "" if it didn't.
	Broken string
	// Unfit are the needs of a machine that this one didn't meet, with what was found: then what
	// broke says nothing of Helium.
	Unfit  []string
	Passed bool

	Checks []Check
	Figures
}

// Judge judges a record by bounds. What is always forbidden is bounded in any case.
func Judge(r Record, bounds []Bound) (*Verdict, error) {
	calls := callsOf(r.Entries)
	v := &Verdict{Passed: true}
	v.Loads, v.Sizes = make(map[string]*Counts), r.Sizes
	v.Said, v.Unexplained = r.Said, unexplained(calls)
	v.Running, v.Returned, v.Rush = r.Running, len(r.Returns), rush(r.Returns)
	var all Load
	for _, l := range r.Loads {
		v.Loads[l.Name] = count(calls, l, r.Marks)
		if all.From.IsZero() || l.From.Before(all.From) {
			all.From = l.From
		}
		if l.To.After(all.To) {
			all.To = l.To
		}
	}
	v.All = count(calls, all, r.Marks)
	if r.Called > 0 {
		v.Attempts = float64(r.Sent) / float64(r.Called)
	}
	v.Direct = share(int(r.Direct), int(r.Sent))
	var faults []error
	for _, b := range append(always(bounds), bounds...) {
		c, err := b.check(&v.Figures)
		faults = append(faults, err)
		v.Checks = append(v.Checks, c)
		v.Passed = v.Passed && c.Passed
		if b.Need && !c.Passed {
			v.Unfit = append(v.Unfit, fmt.Sprintf("%s: %s", b, number(c.Got)))
		}
	}
	return v, errors.Join(faults...)
}

// always returns the bounds of every scenario, but for those that it has itself.
func always(bounds []Bound) (added []Bound) {
	for _, b := range []Bound{
		AtLeast(OK, 1), AtMost(Forbidden, 0), AtMost(Twice, 0), AtMost(Late, 0),
		AtMost(Wrong, 0), AtMost(Silent, 0), AtMost(Nowhere, 0), AtMost(Strays, 0), AtMost(Unanswered, 0),
		AtMost(Goroutines, 200), AtMost(HeapGrowth, 64),
	} {
		own := false
		for _, other := range bounds {
			own = own || other.Metric == b.Metric && other.Load == "" && other.Over == ""
		}
		if !own {
			added = append(added, b)
		}
	}
	return added
}
