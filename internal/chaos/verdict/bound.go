package verdict

import (
	"fmt"
	"strings"
)

// Bound is what a metric has to keep.
type Bound struct {
	Metric Metric
	Load   string  // whose, "" for all calls
	Over   string  // the metric is divided by that of this load, "" for none
	Least  bool    // Value is the least that will do, instead of the most
	Value  float64 // in the unit of the metric
	Need   bool    // it speaks of the machine: where it is broken the run says nothing of Helium
}

// AtMost bounds a metric from above.
func AtMost(m Metric, value float64) Bound { return Bound{Metric: m, Value: value} }

// AtLeast bounds a metric from below.
func AtLeast(m Metric, value float64) Bound { return Bound{Metric: m, Value: value, Least: true} }

// Of returns the bound for one load.
func (b Bound) Of(load string) Bound {
	b.Load = load
	return b
}

// DividedBy returns the bound for the ratio to another load's.
func (b Bound) DividedBy(load string) Bound {
	b.Over = load
	return b
}

// Needed returns the bound as one of the machine, without which the run says nothing of Helium.
func (b Bound) Needed() Bound {
	b.Need = true
	return b
}

// String is the bound as people write it: "ran late ≤ 0".
func (b Bound) String() string {
	var text strings.Builder
	text.WriteString(string(b.Metric))
	if b.Load != "" {
		fmt.Fprintf(&text, " of %s", b.Load)
	}
	if b.Over != "" {
		fmt.Fprintf(&text, ", divided by that of %s", b.Over)
	}
	relation := "≤"
	if b.Least {
		relation = "≥"
	}
	fmt.Fprintf(&text, " %s %s", relation, number(b.Value))
	return text.String()
}

// Check is a bound and what was found.
type Check struct {
	Bound  Bound
	Got    float64
	Passed bool
}

// check compares a bound with the figures.
func (b Bound) check(f *Figures) (Check, error) {
	got, known := f.of(b.Metric, b.Load)
	if !known {
		return Check{}, fmt.Errorf("the bound %q speaks of what there is not", b)
	}
	if b.Over != "" {
		over, known := f.of(b.Metric, b.Over)
		if !known {
			return Check{}, fmt.Errorf("the bound %q speaks of what there is not", b)
		}
		if over == 0 {
			return Check{Bound: b, Got: 0}, nil // nothing to compare with
		}
		got /= over
	}
	return Check{Bound: b, Got: got, Passed: got == b.Value || got > b.Value == b.Least}, nil
}
