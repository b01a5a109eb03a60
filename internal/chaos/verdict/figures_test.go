package verdict_test

import (
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
)

func TestWhatHeliumCountedItselfCanBeBounded(t *testing.T) {
	record := verdict.Record{Entries: sound(100), Said: verdict.Said{RefusedWhole: 1, Dropped: 2, Frozen: 3, Abandoned: 4, Twice: 5, WentOn: 6}}
	for metric, want := range map[verdict.Metric]float64{
		verdict.RefusedWhole: 1, verdict.Dropped: 2, verdict.Frozen: 3, verdict.Abandoned: 4, verdict.SeenTwice: 5, verdict.WentOn: 6,
	} {
		for _, c := range []struct {
			bound  verdict.Bound
			passes bool
		}{
			{verdict.AtLeast(metric, want), true}, {verdict.AtLeast(metric, want+1), false},
			{verdict.AtMost(metric, want), true}, {verdict.AtMost(metric, want-1), false},
		} {
			v, err := verdict.Judge(record, []verdict.Bound{c.bound})
			if err != nil || v.Passed != c.passes {
				t.Errorf("%s: passed %v, %v; want %v", c.bound, v.Passed, err, c.passes)
			}
		}
	}
}

func TestFailuresOfCallsThatMayHaveRunAreCounted(t *testing.T) {
	entries := sound(100)
	for id, outcome := range map[int]string{1: "unknown", 2: "unknown", 3: "executed"} {
		failAs(ended(entries, id), outcome)
	}
	if n := judge(t, entries, nil).All; n.Unsure != 2 || n.Failed != 3 {
		t.Errorf("%d of %d that failed may have run, want 2 of 3", n.Unsure, n.Failed)
	}
}

// asked makes a call of sound a request to the registry.
func asked(e []ledger.Entry, id int, question, answer ledger.Request) {
	called(e, id).Lookup = true
	called(e, id).Registry, ended(e, id).Registry = &question, &answer
}

func TestAHistoryOfTheRegistryIsHeldAgainstWhatIsPromised(t *testing.T) {
	register := ledger.Request{Do: ledger.Register, Service: "s", Version: "1"}
	renew := ledger.Request{Do: ledger.Renew, Service: "s"}
	missing := ledger.Request{Do: ledger.Renew, Service: "s", Missing: true}
	end := ledger.Request{Do: ledger.End, Service: "s"}
	lookup := ledger.Request{Do: ledger.Find, Service: "s"}
	notFound := ledger.Request{Do: ledger.Find, Service: "s", Missing: true}
	for name, c := range map[string]struct {
		plant func(e []ledger.Entry) []ledger.Entry
		want  int
	}{
		"it is there":              {func(e []ledger.Entry) []ledger.Entry { asked(e, 2, renew, renew); return e }, 0},
		"it isn't":                 {func(e []ledger.Entry) []ledger.Entry { asked(e, 2, renew, missing); return e }, 1},
		"a lookup doesn't find it": {func(e []ledger.Entry) []ledger.Entry { asked(e, 2, lookup, notFound); return e }, 1},
		"it was ended": {func(e []ledger.Entry) []ledger.Entry {
			asked(e, 2, end, end)
			asked(e, 3, renew, renew)
			return e
		}, 1},
		"it may not be": {func(e []ledger.Entry) []ledger.Entry {
			asked(e, 2, renew, missing)
			failAs(ended(e, 1), "unknown")
			return e
		}, 0},
		"it wasn't carried out": {func(e []ledger.Entry) []ledger.Entry {
			asked(e, 2, renew, renew)
			failAs(ended(e, 1), "not executed")
			return e
		}, 1},
		"nobody knows, as its client was killed": {func(e []ledger.Entry) []ledger.Entry {
			asked(e, 2, renew, missing)
			asked(e, 3, renew, renew)
			return without(e, 3*1+2)
		}, 0},
	} {
		entries := sound(10)
		asked(entries, 1, register, register)
		v, err := verdict.Judge(verdict.Record{Entries: c.plant(entries)}, nil)
		if err != nil || v.Unexplained != c.want {
			t.Errorf("%s: %d services aren't explained, %v; want %d", name, v.Unexplained, err, c.want)
		}
	}
}

func TestACallThatIsMadeAsItsServerFreezesMayBeginWhenThatThaws(t *testing.T) {
	for apart, late := range map[time.Duration]int{
		0: 0, verdict.Grace: 0, -verdict.Grace: 0, verdict.Grace + 1: 1, -verdict.Grace - 1: 1,
	} {
		entries := sound(100)
		began(entries, 7).At += int64(time.Minute)
		made := time.Unix(0, called(entries, 7).At)
		marks := []verdict.Mark{{At: made.Add(apart)}, {At: made.Add(time.Minute), Mend: true}}
		if got := judge(t, entries, marks).All.Late; got != late {
			t.Errorf("a fault began %v after it was made: %d calls ran late, want %d", apart, got, late)
		}
	}
	entries := sound(100)
	began(entries, 7).At += int64(time.Minute)
	mend := verdict.Mark{At: time.Unix(0, called(entries, 7).At), Mend: true}
	if got := judge(t, entries, []verdict.Mark{mend}).All.Late; got != 1 {
		t.Errorf("a fault ended as it was made: %d calls ran late, want that one", got)
	}
}

func TestTheMemoryOfServersIsToldFromThatOfOthers(t *testing.T) {
	size := func(process string, most uint64) verdict.Size {
		return verdict.Size{Process: process, After: verdict.Footprint{MaxRSS: most * 1e6}}
	}
	record := verdict.Record{Entries: sound(100), Sizes: []verdict.Size{size("client1", 30), size("server1", 10), size("server2", 20)}}
	for bound, want := range map[verdict.Bound]bool{
		verdict.AtMost(verdict.ServerRSS, 20): true, verdict.AtMost(verdict.ServerRSS, 19): false,
		verdict.AtMost(verdict.Memory, 30): true, verdict.AtMost(verdict.Memory, 29): false,
	} {
		if v, err := verdict.Judge(record, []verdict.Bound{bound}); err != nil || v.Passed != want {
			t.Errorf("%s: passed %v, %v; want %v", bound, v.Passed, err, want)
		}
	}
}
