package scenario_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

var outcomes = []string{helium.NotExecuted.String(), helium.Executed.String(), helium.Unknown.String()}

func TestEachScenarioSpeaksOfWhatItHas(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range scenario.All() {
		if s.Name == "" || s.Promise == "" || names[s.Name] {
			t.Errorf("the scenario %q needs a name of its own and a promise", s.Name)
		}
		names[s.Name] = true
		if strings.HasSuffix(s.Promise, ".") || strings.ContainsAny(s.Promise, "|\n") {
			t.Errorf("%s: the promise is %q, want a sentence for a table", s.Name, s.Promise)
		}
		bed := s.Bed.WithDefaults()
		parts := make(map[string]bool)
		for kind, count := range map[string]int{"broker": bed.Brokers, "binder": bed.Binders, "server": len(bed.Servers), "client": bed.Clients, "liar": bed.Liars} {
			for i := range count {
				parts[fmt.Sprintf("%s%d", kind, i+1)] = true
			}
		}
		links := make(map[string]bool) // the servers whose direct links go through a proxy
		for i, server := range bed.Servers {
			links[fmt.Sprintf("server%d", i+1)] = server.Proxied
		}
		loads := map[string]bool{"": true}
		for _, l := range s.Loads {
			if loads[l.Name] {
				t.Errorf("%s: the load %q needs a name of its own", s.Name, l.Name)
			}
			loads[l.Name] = true
			if l.Rate <= 0 || l.For <= 0 || l.Timeout <= 0 || l.Method == "" {
				t.Errorf("%s: the load %+v makes no calls", s.Name, l)
			}
			if l.Client != "" && !parts[l.Client] {
				t.Errorf("%s: the load %s is %s's, which there isn't", s.Name, l.Name, l.Client)
			}
		}
		joined := make(map[string]bool)
		for _, step := range s.Steps {
			joined[step.On] = joined[step.On] || step.Do == scenario.Join
			if !parts[step.On] {
				t.Errorf("%s: a step does something to %s, which there isn't", s.Name, step.On)
			}
			linked := slices.Contains([]scenario.Action{scenario.Cut, scenario.HalfClose, scenario.HalfOpen, scenario.Weather}, step.Do)
			if linked && !slices.Contains(bed.Proxied, step.On) && !links[step.On] {
				t.Errorf("%s: %s %s, which has no proxy", s.Name, step.Do, step.On)
			}
		}
		for part := range parts {
			if later := slices.Contains(bed.Later, part); later != joined[part] {
				t.Errorf("%s: %s joins: %t, is to come later: %t; want both or neither", s.Name, part, joined[part], later)
			}
		}
		for _, b := range s.Bounds {
			if !loads[b.Load] || !loads[b.Over] {
				t.Errorf("%s: the bound %q speaks of a load that there isn't", s.Name, b)
			}
			class, failures := strings.CutPrefix(string(b.Metric), string(verdict.FailedAs("")))
			_, outcome, _ := strings.Cut(class, ", ")
			if failures && !slices.Contains(outcomes, outcome) {
				t.Errorf("%s: the bound %q speaks of the outcome %q, want one of %q", s.Name, b, outcome, outcomes)
			}
		}
	}
}

func TestWhatIsAlwaysForbiddenIsAllowedNowhere(t *testing.T) {
	for _, s := range scenario.All() {
		for _, b := range s.Bounds {
			forbidden := []verdict.Metric{verdict.Forbidden, verdict.Late, verdict.Wrong, verdict.Nowhere, verdict.Strays}
			if slices.Contains(forbidden, b.Metric) && b.Load == "" && b.Value > 0 {
				t.Errorf("%s: the bound %q allows what nothing allows", s.Name, b)
			}
		}
	}
}

func TestEachBoundOnTheTimeAfterAFaultHasOneInTheMidstOfItsCalls(t *testing.T) {
	for _, whole := range scenario.All() {
		runs := map[string]scenario.Scenario{whole.Name: whole}
		if whole.Short > 0 {
			runs[whole.Name+", shortened"] = whole.Shortened()
		}
		for name, s := range runs {
			for _, b := range s.Bounds {
				if b.Metric != verdict.Noticed && b.Metric != verdict.Recovered {
					continue
				}
				met := slices.ContainsFunc(s.Steps, func(step scenario.Step) bool {
					return (b.Metric == verdict.Recovered && step.Mends() || b.Metric == verdict.Noticed && step.Faulty()) &&
						slices.ContainsFunc(s.Loads, func(l scenario.Load) bool {
							return (b.Load == "" || b.Load == l.Name) && step.At > l.At && step.At < l.At+l.For-time.Second
						})
				})
				if !met {
					t.Errorf("%s: the bound %q speaks of what its steps don't do while calls are made, and holds whatever comes", name, b)
				}
			}
		}
	}
}

func TestTheShortRunIsShort(t *testing.T) {
	const (
		most     = 195 * time.Second
		overhead = 3 * time.Second // to start and end the processes, and to wait for the last calls
	)
	var all time.Duration
	for _, s := range scenario.All() {
		if s.Short > 0 {
			all += s.Shortened().Lasts() + s.Settle + overhead
		}
	}
	if all > most {
		t.Errorf("the short run takes about %v, want %v at most", all, most)
	}
}
