package chaos_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos"
	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) {
	chaos.Main()
	os.Exit(leak.Run(m))
}

// small is a scenario of two seconds in which one of two servers is killed.
func small() scenario.Scenario {
	return scenario.Scenario{
		Name: "small",
		Bed:  scenario.Bed{Servers: make([]scenario.Server, 2)},
		Loads: []scenario.Load{{Load: part.Load{
			Name: "steady", Method: "again", Rate: 100, For: 2 * time.Second, Timeout: 5 * time.Second,
		}}},
		Steps: []scenario.Step{{At: 500 * time.Millisecond, Do: scenario.Kill, On: "server1"}},
	}
}

func TestARunCountsWhatRealProcessesDid(t *testing.T) {
	v := chaos.Run(context.Background(), small(), "")
	if v.Broken != "" {
		t.Fatal(v.Broken)
	}
	n := v.All
	if n.Calls != 200 || n.Ran == 0 || n.OK == 0 || n.Unanswered != 0 || n.Forbidden != 0 {
		t.Errorf("got %+v; want 200 calls that ran and ended", n)
	}
	if v.Attempts < 1 {
		t.Errorf("%v attempts a call, want one at least", v.Attempts)
	}
	seen := make(map[string]bool)
	for _, s := range v.Sizes {
		seen[s.Process] = s.Before.Goroutines > 0 && s.After.Goroutines > 0 && s.After.Heap > 0
	}
	for process, want := range map[string]bool{"broker1": true, "binder1": true, "client1": true, "server1": false, "server2": true} {
		if seen[process] != want {
			t.Errorf("sizes of %s before and after: %v, want %v", process, seen[process], want)
		}
	}
}

func TestAClientThatJoinsCarriesItsLoads(t *testing.T) {
	s := small()
	s.Bed.Clients, s.Bed.Later = 2, []string{"client2"}
	late := s.Loads[0]
	late.Client, late.Name, late.At = "client2", "late", 1500*time.Millisecond
	s.Loads = append(s.Loads, late)
	s.Steps = append(s.Steps, scenario.Step{At: 500 * time.Millisecond, Do: scenario.Join, On: "client2"})
	v := chaos.Run(context.Background(), s, "")
	if v.Broken != "" {
		t.Fatal(v.Broken)
	}
	if n := v.Loads["late"]; n.Calls != 200 || n.OK == 0 || n.Unanswered != 0 {
		t.Errorf("got %+v; want 200 calls that ended", n)
	}
}

func TestABoundThatIsBrokenFailsTheRun(t *testing.T) {
	s := small()
	s.Bounds = []verdict.Bound{verdict.AtMost(verdict.Calls, 199)}
	if v := chaos.Run(context.Background(), s, ""); v.Passed || v.Broken != "" {
		t.Errorf("passed %v, broken %q; want a run that doesn't pass", v.Passed, v.Broken)
	}
}

func TestARunThatFailsByItselfSaysWhy(t *testing.T) {
	for want, change := range map[string]func(*scenario.Scenario){
		"server9":             func(s *scenario.Scenario) { s.Steps[0].On = "server9" },
		"no such action":      func(s *scenario.Scenario) { s.Steps[0].Do = "embarrass" },
		"whether it is there": func(s *scenario.Scenario) { s.Steps[0].Do = scenario.Join },
		"there already: false": func(s *scenario.Scenario) {
			s.Bed.Clients, s.Bed.Later, s.Steps[0].On = 2, []string{"client2"}, "client2"
		},
		"without a proxy":      func(s *scenario.Scenario) { s.Steps[0].Do = scenario.Cut },
		"what there is not":    func(s *scenario.Scenario) { s.Bounds = []verdict.Bound{verdict.AtMost("beauty", 1)} },
		"the harness was told": func(s *scenario.Scenario) { s.Loads[0].For = time.Hour },
	} {
		s := small()
		change(&s)
		ctx, cancel := context.WithCancelCause(context.Background())
		if s.Loads[0].For == time.Hour {
			time.AfterFunc(time.Second, func() { cancel(errorString("the harness was told to end")) })
		}
		if v := chaos.Run(ctx, s, ""); v.Passed || !strings.Contains(v.Broken, want) {
			t.Errorf("passed %v, broken %q; want one that says %q", v.Passed, v.Broken, want)
		}
		cancel(nil)
	}
}

func TestAPartThatEndsByItselfFailsTheRun(t *testing.T) {
	s := small()
	s.Steps = nil
	crash := s.Loads[0]
	crash.Name, crash.Method, crash.Rate, crash.For, crash.At = "crash", "crash", 1, time.Second, 500*time.Millisecond
	s.Loads = append(s.Loads, crash)
	s.Bed.Servers = make([]scenario.Server, 3) // the call may be made again
	v := chaos.Run(context.Background(), s, "")
	if v.Passed || !strings.Contains(v.Broken, "crashed as it was asked to") {
		t.Errorf("passed %v, broken %q; want one that says what the server said", v.Passed, v.Broken)
	}
}

type errorString string

func (e errorString) Error() string { return string(e) }
