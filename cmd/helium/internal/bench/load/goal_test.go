package load_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helium-rpc/helium/cmd/helium/internal/bench/load"
)

func TestGoalsAreHeldAgainstTheResult(t *testing.T) {
	var n atomic.Int64
	// 100 calls of 2 ms and more, one of which fails.
	result := mustRun(t, load.Plan{Calls: 100, InFlight: 4}, func(context.Context) error {
		time.Sleep(2 * time.Millisecond)
		if n.Add(1) == 50 {
			return errors.New("once")
		}
		return nil
	})
	for _, test := range []struct {
		goal string
		met  bool
	}{
		{"p99<1h", true}, {"p99<1ms", false}, {"p50>=1ms", true}, {"p99.9<=1us", false},
		{"min>1ms", true}, {"min<1ms", false}, {"mean<1m", true}, {"max>1h", false},
		{"err<1%", false}, {"err<=1%", true}, {"err>0%", true}, {"err<1.5%", true},
		{"errors<2", true}, {"errors<1", false}, {"calls>=100", true}, {"calls>100", false},
		{"rate>1", true}, {"rate>1000000", false}, {" p99 < 1h ", true},
	} {
		goals, err := load.ParseGoals(test.goal)
		if err != nil || len(goals) != 1 {
			t.Errorf("ParseGoals(%q) = %v, %v; want one goal", test.goal, goals, err)
			continue
		}
		v := goals[0].Check(result)
		if v.Met != test.met {
			t.Errorf("%s: met is %t, want %t (%+v)", test.goal, v.Met, test.met, v)
		}
		if v.Met != (v.By == "") {
			t.Errorf("%s: met is %t and missed by %q; want to be told by how much exactly if it was missed", test.goal, v.Met, v.By)
		}
	}
}

func TestAMissedGoalSaysByHowMuch(t *testing.T) {
	result := mustRun(t, load.Plan{Calls: 4}, func(context.Context) error { return errors.New("no") })
	for goal, want := range map[string]load.Verdict{
		"err<0.1%": {Goal: "err<0.1%", Got: "100%", By: "99.9% too much"},
		"calls>10": {Goal: "calls>10", Got: "4", By: "6 too little"},
		"errors<4": {Goal: "errors<4", Got: "4", By: "exactly the limit"},
		"p99<2ms":  {Goal: "p99<2ms", Got: "nothing", By: "no call succeeded"},
		// What is rounded to be read isn't what was asked for.
		"p99<1001ms":    {Goal: "p99<1001ms", Got: "nothing", By: "no call succeeded"},
		"calls > 10.25": {Goal: "calls>10.25", Got: "4", By: "6.25 too little"},
	} {
		goals, err := load.ParseGoals(goal)
		if err != nil {
			t.Fatal(err)
		}
		if got := goals[0].Check(result); got != want {
			t.Errorf("%s: %+v, want %+v", goal, got, want)
		}
	}
}

func TestGoalsThatCantBeReadSayHowToWriteThem(t *testing.T) {
	for text, want := range map[string]string{
		"":             "write one such as",
		"p99":          "write one such as",
		"p99=2ms":      "write one such as",
		"<2ms":         "write one such as",
		"p99<2ms,":     "write one such as",
		"latency<2ms":  "those there are",
		"p<2ms":        "those there are",
		"p100<2ms":     "those there are",
		"p0<2ms":       "those there are",
		"p9.9.9<2ms":   "those there are",
		"p99<2":        "with its unit",
		"p99<-2ms":     "with its unit",
		"err<0.1":      "as a percentage",
		"err<101%":     "as a percentage",
		"err<NaN%":     "as a percentage",
		"rate>fast":    "is no number",
		"rate>Inf":     "is no number",
		"calls>NaN":    "is no number",
		"p99<2ms,q1<1": "those there are",
	} {
		goals, err := load.ParseGoals(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseGoals(%q) = %v, %v; want an error with %q", text, goals, err, want)
		}
	}
}
