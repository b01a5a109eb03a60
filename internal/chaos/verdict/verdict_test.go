package verdict_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
	"github.com/helium-rpc/helium/internal/chaos/verdict"
	"github.com/helium-rpc/helium/internal/leak"
)

func TestMain(m *testing.M) { os.Exit(leak.Run(m)) }

// zero is when the load of these tests begins.
var zero = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const timeout = 500 * time.Millisecond

// sound is the ledger of so many calls, one each 10 ms, that all went well: each began after
// 1 ms and ended after 2.
func sound(calls int) (entries []ledger.Entry) {
	for i := range calls {
		id, meant := int64(i), zero.Add(time.Duration(i)*10*time.Millisecond)
		entries = append(entries,
			ledger.Entry{Kind: ledger.Called, ID: id, At: ledger.Nanos(meant), Load: "steady", Meant: ledger.Nanos(meant), Deadline: ledger.Nanos(meant.Add(timeout))},
			ledger.Entry{Kind: ledger.Began, ID: id, At: ledger.Nanos(meant.Add(time.Millisecond)), Instance: "a"},
			ledger.Entry{Kind: ledger.Ended, ID: id, At: ledger.Nanos(meant.Add(2 * time.Millisecond)), Code: ledger.OK, Outcome: "executed"},
		)
	}
	return entries
}

// The entries of a call in sound, by their places.
func called(e []ledger.Entry, id int) *ledger.Entry { return &e[3*id] }
func began(e []ledger.Entry, id int) *ledger.Entry  { return &e[3*id+1] }
func ended(e []ledger.Entry, id int) *ledger.Entry  { return &e[3*id+2] }

// everywhere makes a call of sound one to all instances, of which there is one.
func everywhere(e []ledger.Entry, id int) {
	called(e, id).Everywhere = true
	ended(e, id).Answers = []ledger.Answer{{Instance: "a", Code: ledger.OK, Outcome: "executed"}}
}

func failAs(e *ledger.Entry, outcome string) {
	e.Code, e.Outcome, e.Error = "unavailable", outcome, "it was planted"
}

func without(entries []ledger.Entry, places ...int) (rest []ledger.Entry) {
	gone := make(map[int]bool)
	for _, p := range places {
		gone[p] = true
	}
	for i, e := range entries {
		if !gone[i] {
			rest = append(rest, e)
		}
	}
	return rest
}

func judge(t *testing.T, entries []ledger.Entry, marks []verdict.Mark, bounds ...verdict.Bound) *verdict.Verdict {
	t.Helper()
	v, err := verdict.Judge(verdict.Record{
		Entries: entries, Marks: marks,
		Loads: []verdict.Load{{Name: "steady", From: zero, To: zero.Add(10 * time.Second), CPU: 2 * time.Second}},
	}, bounds)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// broken returns the bounds that a verdict found broken.
func broken(v *verdict.Verdict) (bounds []string) {
	for _, c := range v.Checks {
		if !c.Passed {
			bounds = append(bounds, string(c.Bound.Metric))
		}
	}
	return bounds
}

func TestCallsThatAllWentWellPass(t *testing.T) {
	v := judge(t, sound(1000), nil, verdict.AtMost(verdict.Failed, 0), verdict.AtLeast(verdict.OKShare, 1))
	if !v.Passed || len(broken(v)) > 0 {
		t.Errorf("broken: %v, want none", broken(v))
	}
	n := v.Loads["steady"]
	if n.Calls != 1000 || n.OK != 1000 || n.Ran != 1000 || n.Goodput != 100 || n.PerCPU != 500 {
		t.Errorf("got %+v; want 1000 calls that ran and ended well, 100 a second and 500 a second of the processor", n)
	}
	if n.P50.Round(100*time.Microsecond) != 2*time.Millisecond {
		t.Errorf("p50 = %v, want 2ms", n.P50)
	}
}

func TestPlantedFaultsAreFound(t *testing.T) {
	const id = 7
	for name, c := range map[string]struct {
		plant func(e []ledger.Entry) []ledger.Entry
		want  verdict.Metric
	}{
		"a call ran twice": {func(e []ledger.Entry) []ledger.Entry {
			again := *began(e, id)
			again.Instance = "b"
			return append(e, again)
		}, verdict.Twice},
		"a call ran though its caller was told before that it didn't": {func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, id), "not executed")
			began(e, id).At = ended(e, id).At + 1
			return e
		}, verdict.Forbidden},
		"a call had run when its caller was told that it didn't": {func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, id), "not executed")
			return e
		}, verdict.Forbidden},
		"an idempotent call ran though its caller was told that it didn't": {func(e []ledger.Entry) []ledger.Entry {
			called(e, id).Idempotent = true
			failAs(ended(e, id), "not executed")
			return e
		}, verdict.Forbidden},
		"a call ran late, and its caller had given up": {func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, id), "unknown")
			began(e, id).At = called(e, id).Deadline + int64(verdict.Grace) + 1
			return e
		}, verdict.Late},
		"a call was answered and ran nowhere": {func(e []ledger.Entry) []ledger.Entry {
			return without(e, 3*id+1)
		}, verdict.Nowhere},
		"a call failed as executed and ran nowhere": {func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, id), "executed")
			return without(e, 3*id+1)
		}, verdict.Nowhere},
		"a call got another's answer": {func(e []ledger.Entry) []ledger.Entry {
			ended(e, id).Wrong = true
			return e
		}, verdict.Wrong},
		"a call never ended": {func(e []ledger.Entry) []ledger.Entry {
			return without(e, 3*id+2)
		}, verdict.Unanswered},
		"an item was lost in silence at the caller": {func(e []ledger.Entry) []ledger.Entry {
			ended(e, id).Lost = 1
			return e
		}, verdict.Silent},
		"an item came again in silence at the handler": {func(e []ledger.Entry) []ledger.Entry {
			return append(e, ledger.Entry{Kind: ledger.Done, ID: id, Items: 5, Doubled: 1})
		}, verdict.Silent},
		"a stream that failed had an item of another before": {func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, id), "unknown")
			ended(e, id).Foreign = 1
			return e
		}, verdict.Silent},
		"a call to all instances ran twice at one": {func(e []ledger.Entry) []ledger.Entry {
			everywhere(e, id)
			return append(e, *began(e, id))
		}, verdict.Twice},
		"a call to all instances ran where its caller was told that it didn't": {func(e []ledger.Entry) []ledger.Entry {
			everywhere(e, id)
			ended(e, id).Answers[0] = ledger.Answer{Instance: "a", Code: "unavailable", Outcome: "not executed"}
			return e
		}, verdict.Forbidden},
		"a call to all instances ran where nobody was named": {func(e []ledger.Entry) []ledger.Entry {
			everywhere(e, id)
			ended(e, id).Answers = nil
			return e
		}, verdict.Forbidden},
		"a call to all instances was answered where it didn't run": {func(e []ledger.Entry) []ledger.Entry {
			everywhere(e, id)
			ended(e, id).Answers = append(ended(e, id).Answers, ledger.Answer{Instance: "c", Code: ledger.OK, Outcome: "executed"})
			return e
		}, verdict.Nowhere},
		"something ran that nobody called": {func(e []ledger.Entry) []ledger.Entry {
			return append(e, ledger.Entry{Kind: ledger.Began, ID: 123456, At: ledger.Nanos(zero), Instance: "a"})
		}, verdict.Strays},
		"nothing went well": {func(e []ledger.Entry) []ledger.Entry {
			for id := range len(e) / 3 {
				failAs(ended(e, id), "unknown")
			}
			return e
		}, verdict.OK},
	} {
		v := judge(t, c.plant(sound(100)), nil)
		if got := broken(v); v.Passed || len(got) != 1 || got[0] != string(c.want) {
			t.Errorf("%s: passed %v, broken %q; want %q alone", name, v.Passed, got, c.want)
		}
	}
}

func TestWhatIsAllowedIsNoFault(t *testing.T) {
	for name, plant := range map[string]func(e []ledger.Entry) []ledger.Entry{
		"an idempotent call ran twice": func(e []ledger.Entry) []ledger.Entry {
			called(e, 3).Idempotent = true
			return append(e, *began(e, 3))
		},
		"a call failed, not executed, and ran nowhere": func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, 3), "not executed")
			return without(e, 3*3+1)
		},
		"a call failed as unknown and had run": func(e []ledger.Entry) []ledger.Entry {
			failAs(ended(e, 3), "unknown")
			return e
		},
		"a call began in its last moment": func(e []ledger.Entry) []ledger.Entry {
			began(e, 3).At = called(e, 3).Deadline + int64(verdict.Grace)
			return e
		},
		"a call to all instances ran at each": func(e []ledger.Entry) []ledger.Entry {
			everywhere(e, 3)
			again := *began(e, 3)
			again.Instance = "b"
			ended(e, 3).Answers = append(ended(e, 3).Answers, ledger.Answer{Instance: "b", Code: "internal", Outcome: "executed"})
			return append(e, again)
		},
		"a lookup ran nowhere": func(e []ledger.Entry) []ledger.Entry {
			called(e, 3).Lookup = true
			return without(e, 3*3+1)
		},
	} {
		if v := judge(t, plant(sound(100)), nil); !v.Passed {
			t.Errorf("%s: broken %q, want none", name, broken(v))
		}
	}
}

func TestTheTimeToRecoverLastsUntilASecondGoesWell(t *testing.T) {
	fault, mend := zero.Add(2*time.Second), zero.Add(4*time.Second)
	marks := []verdict.Mark{{At: fault}, {At: mend, Mend: true}}
	entries := sound(1000)
	for id := 200; id < 550; id++ { // from 2 s on, to 5.49 s
		failAs(ended(entries, id), "unknown")
	}
	failAs(ended(entries, 600), "Unknown") // one in a hundred doesn't matter
	v := judge(t, entries, marks)
	if got, want := v.All.Noticed, 3490*time.Millisecond; got.Round(10*time.Millisecond) != want {
		t.Errorf("after the fault, %v until calls went well; want %v", got, want)
	}
	if got, want := v.All.Recovered, 1490*time.Millisecond; got.Round(10*time.Millisecond) != want {
		t.Errorf("after its end, %v until calls went well; want %v", got, want)
	}
	for id := 600; id < 1000; id += 10 {
		failAs(ended(entries, id), "unknown")
	}
	if v := judge(t, entries, marks, verdict.AtMost(verdict.Recovered, 60)); v.Passed || v.All.Recovered != verdict.Never {
		t.Errorf("one in ten fails to the end: recovered after %v, passed %v; want never", v.All.Recovered, v.Passed)
	}
	if v := judge(t, sound(1000), marks); v.All.Noticed != 0 || v.All.Recovered != 0 {
		t.Errorf("nothing failed: %v and %v, want no time at all", v.All.Noticed, v.All.Recovered)
	}
}

func TestBoundsCompareLoadsAndKinds(t *testing.T) {
	entries := sound(1000)
	for id := 500; id < 1000; id++ {
		called(entries, id).Load = "flood"
	}
	for id := 900; id < 1000; id++ {
		failAs(ended(entries, id), "unknown")
	}
	record := verdict.Record{Entries: entries, Called: 1000, Sent: 1200, Loads: []verdict.Load{
		{Name: "steady", From: zero, To: zero.Add(5 * time.Second), CPU: time.Second},
		{Name: "flood", From: zero.Add(5 * time.Second), To: zero.Add(10 * time.Second), CPU: time.Second},
	}, Sizes: []verdict.Size{{Process: "server1", Before: verdict.Footprint{Goroutines: 10}, After: verdict.Footprint{Goroutines: 25}}}}
	for _, c := range []struct {
		bound verdict.Bound
		want  bool
		text  string
	}{
		{verdict.AtMost(verdict.FailedAs("unavailable, unknown"), 100), true, "failed as unavailable, unknown ≤ 100"},
		{verdict.AtMost(verdict.FailedAs("unavailable, unknown"), 99), false, ""},
		{verdict.AtMost(verdict.Failed, 0).Of("steady"), true, "failed of steady ≤ 0"},
		{verdict.AtMost(verdict.Failed, 0).Of("flood"), false, ""},
		{verdict.AtLeast(verdict.PerCPU, 0.8).Of("flood").DividedBy("steady"), true, "goodput, calls per CPU second of flood, divided by that of steady ≥ 0.8"},
		{verdict.AtLeast(verdict.PerCPU, 0.85).Of("flood").DividedBy("steady"), false, ""},
		{verdict.AtMost(verdict.Attempts, 1.2), true, ""},
		{verdict.AtMost(verdict.Attempts, 1.1), false, ""},
		{verdict.AtMost(verdict.Goroutines, 15), true, ""},
		{verdict.AtMost(verdict.Goroutines, 14), false, ""},
	} {
		v, err := verdict.Judge(record, []verdict.Bound{c.bound})
		if err != nil || v.Passed != c.want {
			t.Errorf("%s: passed %v, %v; want %v", c.bound, v.Passed, err, c.want)
		}
		if got := c.bound.String(); c.text != "" && got != c.text {
			t.Errorf("the bound reads %q, want %q", got, c.text)
		}
	}
}

func TestABoundOfWhatThereIsNotIsAnError(t *testing.T) {
	for _, b := range []verdict.Bound{
		verdict.AtMost("beauty", 1), verdict.AtMost(verdict.Late, 0).Of("nobody"), verdict.AtMost(verdict.Late, 0).DividedBy("nobody"),
	} {
		_, err := verdict.Judge(verdict.Record{Entries: sound(1)}, []verdict.Bound{b})
		if err == nil {
			t.Errorf("%s: no error", b)
		}
	}
}

func TestTheTextSaysWhatWasFound(t *testing.T) {
	entries := sound(100)
	failAs(ended(entries, 1), "not executed")
	v := judge(t, entries, nil)
	v.Scenario, v.Promise, v.Means = "planted", "all is well", []string{"a proxy"}
	var text strings.Builder
	if err := v.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FAIL  planted: all is well", "with a proxy", "✗ ran though NotExecuted ≤ 0: 1", "✓ ran twice ≤ 0: 0", "unavailable, not executed: 1, such as \"it was planted\""} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, &text)
		}
	}
}

func TestHandlersThatHaveNotEndedAreCounted(t *testing.T) {
	entries := sound(100)
	for id := range int64(97) {
		entries = append(entries, ledger.Entry{Kind: ledger.Done, ID: id, At: ledger.Nanos(zero)})
	}
	if got := judge(t, entries, nil).Loads["steady"].Unfinished; got != 3 {
		t.Errorf("%d handlers haven't ended, want the 3 of which nobody wrote so", got)
	}
}

func TestTheRushIsTheMostConnectionsThatAreMadeWithin100Ms(t *testing.T) {
	for _, test := range []struct {
		at   []time.Duration
		want int
	}{
		{nil, 0},
		{[]time.Duration{5 * time.Second}, 1},
		{[]time.Duration{0, 100 * time.Millisecond, 101 * time.Millisecond}, 2},
		{[]time.Duration{900 * time.Millisecond, 0, 820 * time.Millisecond, 50 * time.Millisecond, 830 * time.Millisecond, time.Minute}, 3},
	} {
		var moments []time.Time
		for _, at := range test.at {
			moments = append(moments, zero.Add(at))
		}
		v, err := verdict.Judge(verdict.Record{Returns: moments}, nil)
		if err != nil || v.Rush != test.want || v.Returned != len(test.at) {
			t.Errorf("of connections that were made at %v, %d of %d within 100 ms, %v; want %d", test.at, v.Rush, v.Returned, err, test.want)
		}
	}
}

func TestAMachineThatIsTooBusyIsNotHeldAgainstHelium(t *testing.T) {
	needs := []verdict.Bound{
		verdict.AtMost(verdict.Unsent, 0.01).Of("steady").Needed(), verdict.AtMost(verdict.Behind, 0.1).Needed(),
		verdict.AtLeast(verdict.OKShare, 0.9).Of("steady"),
	}
	if v := judge(t, sound(100), nil, needs...); !v.Passed || len(v.Unfit) > 0 {
		t.Errorf("passed %v, unfit %q; want a sound run to pass", v.Passed, v.Unfit)
	}
	unsent := func(e []ledger.Entry, instance string) []ledger.Entry {
		var gone []int
		for id := range 20 {
			end := ended(e, id)
			end.Code, end.Outcome, end.Instance = "deadline_exceeded", "not executed", instance
			gone = append(gone, 3*id+1) // it didn't run
		}
		return without(e, gone...)
	}
	if v := judge(t, unsent(sound(100), ""), nil, needs...); v.Passed || len(v.Unfit) != 1 || v.All.Unsent != 20 {
		t.Errorf("passed %v, unfit %q, %d unsent; want a run of which nothing is said, as 20 of 100 calls weren't sent", v.Passed, v.Unfit, v.All.Unsent)
	}
	if v := judge(t, unsent(sound(100), "a"), nil, needs...); v.Passed || len(v.Unfit) > 0 {
		t.Errorf("passed %v, unfit %q; want a run that fails, as a server said that their time was over", v.Passed, v.Unfit)
	}
	late := sound(100)
	called(late, 7).At += ledger.Nanos(zero.Add(time.Second)) - ledger.Nanos(zero)
	v := judge(t, late, nil, needs...)
	var text strings.Builder
	if err := v.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if v.Passed || len(v.Unfit) != 1 || !strings.HasPrefix(text.String(), "UNFIT") || !strings.Contains(text.String(), "the machine or the clients were too busy") {
		t.Errorf("passed %v, unfit %q; want it said that calls were started a second late:\n%s", v.Passed, v.Unfit, &text)
	}
}

func TestItemsOfStreamsAreCountedAtBothEnds(t *testing.T) {
	entries := sound(100)
	ended(entries, 7).Items = 1000
	entries = append(entries, ledger.Entry{Kind: ledger.Done, ID: 7, Items: 500})
	n := judge(t, entries, nil).All
	if n.Items.Came != 1500 {
		t.Errorf("%d items came, want 1500", n.Items.Came)
	}
	if want := 1500 / 0.992; n.ItemRate < want-1 || n.ItemRate > want+1 { // from the first call to the end of the last
		t.Errorf("%.0f items/s, want %.0f", n.ItemRate, want)
	}
}

func TestHowLongAfterAFaultItsVictimsHeardOfItAndHandlersOutlivedTheirCallers(t *testing.T) {
	fault := zero.Add(75 * time.Millisecond)
	marks := []verdict.Mark{{At: fault}, {At: fault.Add(time.Millisecond), Mend: true}}
	entries := sound(100)
	failAs(ended(entries, 7), "unknown") // begun before the fault
	ended(entries, 7).At = ledger.Nanos(fault.Add(2 * time.Second))
	failAs(ended(entries, 8), "unknown") // and after it
	ended(entries, 8).At = ledger.Nanos(fault.Add(9 * time.Second))
	ended(entries, 6).Kind = ledger.Done // its client was killed
	ended(entries, 6).At = ledger.Nanos(fault.Add(3 * time.Second))
	n := judge(t, entries, marks).All
	if n.ToldAfter != 2*time.Second || n.OutlivedBy != 3*time.Second {
		t.Errorf("told after %v, outlived by %v; want 2s, 3s", n.ToldAfter, n.OutlivedBy)
	}
}
