package verdict

import (
	"cmp"
	"slices"

	"github.com/helium-rpc/helium"
	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// call is all that the ledgers have of one call.
type call struct {
	made  ledger.Entry // Kind is "" if nobody wrote that it was made
	ended *ledger.Entry
	runs  []ledger.Entry // by time
	done  []ledger.Entry // the ends of runs
}

// callsOf puts entries together, in the order in which calls were meant to start.
func callsOf(entries []ledger.Entry) []*call {
	byID := make(map[int64]*call)
	for i := range entries {
		e := &entries[i]
		c := byID[e.ID]
		if c == nil {
			c = new(call)
			byID[e.ID] = c
		}
		switch e.Kind {
		case ledger.Called:
			c.made = *e
		case ledger.Ended:
			c.ended = e
		case ledger.Began:
			c.runs = append(c.runs, *e)
		case ledger.Done:
			c.done = append(c.done, *e)
		}
	}
	calls := make([]*call, 0, len(byID))
	for _, c := range byID {
		slices.SortFunc(c.runs, func(a, b ledger.Entry) int { return cmp.Compare(a.At, b.At) })
		calls = append(calls, c)
	}
	slices.SortFunc(calls, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.made.Meant, b.made.Meant), cmp.Compare(a.made.ID, b.made.ID))
	})
	return calls
}

// ranTwice reports whether the call ran more than once, of one that is made everywhere at one instance.
func (c *call) ranTwice() bool {
	if !c.made.Everywhere {
		return len(c.runs) > 1
	}
	at := make(map[string]bool)
	for _, run := range c.runs {
		if at[run.Instance] {
			return true
		}
		at[run.Instance] = true
	}
	return false
}

// ranForbidden reports whether the call, which has ended, ran where its caller was told that it didn't.
func (c *call) ranForbidden() bool {
	if !c.made.Everywhere {
		return !c.ok() && !c.ended.Wrong && c.ended.Outcome == helium.NotExecuted.String() && len(c.runs) > 0
	}
	return slices.ContainsFunc(c.runs, func(run ledger.Entry) bool {
		i := slices.IndexFunc(c.ended.Answers, func(a ledger.Answer) bool { return a.Instance == run.Instance })
		return i < 0 || c.ended.Answers[i].Outcome == helium.NotExecuted.String() // one that isn't named wasn't called, as far as the caller knows
	})
}

// ranNowhere reports whether the call, which has ended, was answered and didn't run where it was.
func (c *call) ranNowhere() bool {
	if c.made.Lookup {
		return false
	}
	if !c.made.Everywhere {
		return len(c.runs) == 0 && c.ended.Outcome == helium.Executed.String()
	}
	return slices.ContainsFunc(c.ended.Answers, func(a ledger.Answer) bool {
		return a.Outcome == helium.Executed.String() && !slices.ContainsFunc(c.runs, func(run ledger.Entry) bool { return run.Instance == a.Instance })
	})
}

// ok reports whether the call ended well.
func (c *call) ok() bool { return c.ended != nil && c.ended.Code == ledger.OK && !c.ended.Wrong }
