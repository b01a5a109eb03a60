package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/amount"
	"github.com/helium-rpc/helium/internal/timetext"
)

// Goal is something that a result has to reach, such as p99<2ms.
type Goal struct {
	term    string
	op      string
	written string  // the limit
	limit   float64 // ns of a time, a share of 1, a number
	kind    kind
	pct     float64 // which percentile
}

// kind says how a term is written.
type kind int

const (
	duration kind = iota // 2ms
	share                // 0.1%
	number               // 5000
)

// String returns the goal as it was written, without blanks: "p99<2ms".
func (g Goal) String() string { return g.term + g.op + g.written }

const termsThereAre = "p50 to p99.999, min, mean and max (times such as 2ms), err (a share such as 0.1%), errors, calls and rate (numbers)"

// ParseGoals reads goals that are separated by commas: "p99<2ms,err<0.1%". A term is pN
// (a percentile), min, mean or max with a time; err, the share of calls that failed,
// with a percentage; errors or calls with a number; or rate, calls a second that
// succeeded, with a number. It is compared by <, <=, > or >=.
func ParseGoals(text string) ([]Goal, error) {
	var goals []Goal
	for part := range strings.SplitSeq(text, ",") {
		g, err := parseGoal(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		goals = append(goals, g)
	}
	return goals, nil
}

func parseGoal(text string) (g Goal, err error) {
	i := strings.IndexAny(text, "<>")
	if i <= 0 {
		return g, fmt.Errorf("%q is no goal; write one such as p99<2ms, err<0.1%% or rate>5000", text)
	}
	g.term, g.op = strings.TrimSpace(text[:i]), text[i:i+1]
	limit := text[i+1:]
	if strings.HasPrefix(limit, "=") {
		g.op, limit = g.op+"=", limit[1:]
	}
	limit = strings.TrimSpace(limit)
	g.written = limit
	if g.kind, g.pct, err = readTerm(g.term); err != nil {
		return g, err
	}
	if g.limit, err = g.kind.read(limit); err != nil {
		return g, fmt.Errorf("the goal %s: %w", text, err)
	}
	return g, nil
}

func readTerm(term string) (k kind, pct float64, err error) {
	switch term {
	case "min", "mean", "max":
		return duration, 0, nil
	case "err":
		return share, 0, nil
	case "errors", "calls", "rate":
		return number, 0, nil
	}
	if digits, ok := strings.CutPrefix(term, "p"); ok && strings.Trim(digits, "0123456789.") == "" {
		if pct, err := strconv.ParseFloat(digits, 64); err == nil && pct > 0 && pct < 100 {
			return duration, pct, nil
		}
	}
	return 0, 0, fmt.Errorf("there is no term %q; those there are: %s", term, termsThereAre)
}

// read reads a limit of that kind, which is never below zero.
func (k kind) read(text string) (limit float64, err error) {
	switch k {
	case duration:
		d, err := timetext.Duration(text)
		switch {
		case err == timetext.ErrRange:
			return 0, fmt.Errorf("%q is longer than any time: at most %s", text, timetext.Longest)
		case err == timetext.ErrFiner:
			return 0, fmt.Errorf("%q is finer than a nanosecond, and nothing is measured so", text)
		case err != nil || d < 0:
			return 0, fmt.Errorf("%q is no time; write one with its unit, such as 2ms or 500us", text)
		}
		return float64(d), nil
	case share:
		digits, ok := strings.CutSuffix(text, "%")
		limit, err = strconv.ParseFloat(digits, 64)
		if !ok || err != nil || !(limit >= 0 && limit <= 100) {
			return 0, fmt.Errorf("%q is no share of the calls; write it as a percentage, such as 0.1%%", text)
		}
		return limit / 100, nil
	}
	limit, err = strconv.ParseFloat(text, 64)
	if err != nil || !(limit >= 0) || math.IsInf(limit, 0) {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return limit, nil
}

// format writes a value of that kind.
func (k kind) format(v float64) string {
	switch k {
	case duration:
		return amount.Round(time.Duration(v)).String()
	case share:
		return amount.Share(v)
	}
	return amount.Number(v)
}

// Verdict is how a result did by a goal.
type Verdict struct {
	// Goal is the goal as it was written, and Got what was measured, rounded.
	Goal, Got string
	// Met is whether the goal was reached, and By how far the value is from it:
	// "1.2ms too much". Empty if it was met.
	Met bool
	By  string
}

// Check holds a result against the goal. A goal for a latency is missed by a result
// without any call that succeeded.
func (g Goal) Check(r *Result) Verdict {
	v := Verdict{Goal: g.String()}
	if g.kind == duration && r.OK == 0 {
		v.Got, v.By = "nothing", "no call succeeded"
		return v
	}
	got := g.value(r)
	v.Got = g.kind.format(got)
	switch g.op {
	case "<":
		v.Met = got < g.limit
	case "<=":
		v.Met = got <= g.limit
	case ">":
		v.Met = got > g.limit
	case ">=":
		v.Met = got >= g.limit
	}
	if v.Met {
		return v
	}
	switch {
	case got == g.limit:
		v.By = "exactly the limit"
	case got > g.limit:
		v.By = g.kind.format(got-g.limit) + " too much"
	default:
		v.By = g.kind.format(g.limit-got) + " too little"
	}
	return v
}

func (g Goal) value(r *Result) float64 {
	switch g.term {
	case "min":
		return float64(r.Min())
	case "mean":
		return float64(r.Mean())
	case "max":
		return float64(r.Max())
	case "err":
		return r.ErrorRate()
	case "errors":
		return float64(r.Failed + r.Unstarted)
	case "calls":
		return float64(r.Calls())
	case "rate":
		return r.PerSecond()
	}
	return float64(r.Percentile(g.pct))
}
