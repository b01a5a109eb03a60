package chaos

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/part"
	"github.com/helium-rpc/helium/internal/chaos/scenario"
)

// A run says something if it was what its scenario says: whoever wasn't to end is there at its end and tells its
// figures, and all calls were made. Bounds alone don't see to that. Calls that nobody made don't fail, nor do
// handlers run in a process that has crashed.

// attacked reports whether a part is killed on purpose.
func attacked(s scenario.Scenario, name string) bool {
	return slices.ContainsFunc(s.Steps, func(step scenario.Step) bool {
		return step.On == name && step.Do == scenario.Kill
	})
}

// endsAway reports whether a part isn't there to answer at the end of a scenario, by its last step.
func endsAway(s scenario.Scenario, name string) (away bool) {
	for _, step := range s.Steps {
		if step.On != name {
			continue
		}
		switch step.Do {
		case scenario.Kill, scenario.Stop, scenario.Freeze:
			away = true
		case scenario.Start, scenario.Thaw, scenario.Join:
			away = false
		}
	}
	return away
}

// lasting is a process that may have ended.
type lasting interface{ Ended() error }

// unheard returns why the parts that are to be there at the end of a scenario aren't, or don't tell their figures.
func unheard[P lasting](s scenario.Scenario, parts map[string]P, figures map[string]part.Figures) error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		_, told := figures[name]
		switch ended := parts[name].Ended(); {
		case endsAway(s, name):
		case ended != nil:
			faults = append(faults, fmt.Errorf("nobody ended %w", ended))
		case !told:
			faults = append(faults, fmt.Errorf("%s is there at the end, and doesn't answer within %v", name, answerPatience))
		}
	}
	return errors.Join(faults...)
}

// unmade returns which loads made fewer calls than they have, but for those whose client was killed.
func unmade(s scenario.Scenario, entries []ledger.Entry) error {
	made := make(map[string]int64)
	for i := range entries {
		if entries[i].Kind == ledger.Called {
			made[entries[i].Load]++
		}
	}
	var faults []error
	for _, l := range s.Loads {
		if n := made[l.Name]; n < l.Calls() && !attacked(s, l.Carrier()) {
			faults = append(faults, fmt.Errorf("of the %d calls of the load %s only %d were made", l.Calls(), l.Name, n))
		}
	}
	return errors.Join(faults...)
}
