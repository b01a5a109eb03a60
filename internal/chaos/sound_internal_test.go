package chaos

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
)

// life is a process that has ended, if it isn't nil.
type life struct{ err error }

func (l life) Ended() error { return l.err }

func TestWhoIsToBeThereAtTheEndAndIsntHeardIsNamed(t *testing.T) {
	crashed := errors.New("server1: it has ended")
	frozen := []scenario.Step{{Do: scenario.Freeze, On: "server1"}}
	thawed := []scenario.Step{{Do: scenario.Freeze, On: "server1"}, {Do: scenario.Thaw, On: "server1"}}
	killed := []scenario.Step{{Do: scenario.Kill, On: "server1"}}
	again := []scenario.Step{{Do: scenario.Kill, On: "server1"}, {Do: scenario.Start, On: "server1"}}
	other := []scenario.Step{{Do: scenario.Kill, On: "server2"}}
	for what, c := range map[string]struct {
		steps []scenario.Step
		ended error
		told  bool
		want  string // a part; "": nothing
	}{
		"all is well":                      {nil, nil, true, ""},
		"it crashed":                       {nil, crashed, false, "nobody ended server1: it has ended"},
		"it crashed, another was killed":   {other, crashed, false, "nobody ended server1"},
		"it doesn't answer":                {nil, nil, false, "server1 is there at the end, and doesn't answer"},
		"it is frozen":                     {frozen, nil, false, ""},
		"it was thawed, and doesn't":       {thawed, nil, false, "server1 is there"},
		"it was killed":                    {killed, crashed, false, ""},
		"it was started again and crashed": {again, crashed, false, "nobody ended server1"},
	} {
		figures := make(map[string]part.Figures)
		if c.told {
			figures["server1"] = part.Figures{Goroutines: 1}
		}
		err := unheard(scenario.Scenario{Steps: c.steps}, map[string]life{"server1": {c.ended}}, figures)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", what, err, c.want)
		}
	}
}

func TestCallsThatNobodyMadeAreTold(t *testing.T) {
	s := scenario.Scenario{Loads: []scenario.Load{
		{Load: part.Load{Name: "one", Rate: 10, For: time.Second}},
		{Client: "client2", Load: part.Load{Name: "other", Rate: 10, For: time.Second}},
	}}
	var entries []ledger.Entry
	for range 10 {
		entries = append(entries, ledger.Entry{Kind: ledger.Called, Load: "one"}, ledger.Entry{Kind: ledger.Ended})
	}
	entries = append(entries, ledger.Entry{Kind: ledger.Called, Load: "other"})
	if err := unmade(s, entries); err == nil || err.Error() != "of the 10 calls of the load other only 1 were made" {
		t.Errorf("got %v, want that nine calls of the other load are missing", err)
	}
	s.Steps = []scenario.Step{{Do: scenario.Kill, On: "client2"}}
	if err := unmade(s, entries); err != nil {
		t.Errorf("got %v, want nothing of a load whose client was killed", err)
	}
}
