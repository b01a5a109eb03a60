package link

import (
	"math/bits"
	"slices"
	"testing"

	"github.com/helium-rpc/helium/internal/wire"
)

// whatWasSent returns the numbers of the calls, and the tokens of the messages, that a peer sees
// of n calls one after another.
func whatWasSent(t *testing.T, n int) (numbers, tokens []uint64) {
	t.Helper()
	d, _ := newTestDispatcher(t)
	l := addMemory(t, d)
	to := d.Endpoint("math", "").Method("add")
	for range n {
		c, _ := send(t, d, to)
		if !d.Take(c) {
			t.Fatal("the call isn't in flight")
		}
	}
	for i, data := range l.messages {
		tokens = append(tokens, l.tokens[i])
		frames, err := wire.ReadMessage(data)
		for err == nil && frames.More() {
			var f wire.Frame
			if err = frames.Next(&f); err == nil && f.Kind == wire.KindCall {
				numbers = append(numbers, f.Seq)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return numbers, tokens
}

func TestWhatNamesACallOrAMessageSaysNothingOfAnyOther(t *testing.T) {
	const n = 20_000
	numbers, tokens := whatWasSent(t, n)
	open := map[string]int{"calls": bits.TrailingZeros64(shards)} // bits at the end that are no secret
	for of, all := range map[string][]uint64{"calls": numbers, "messages": tokens} {
		if len(all) != n {
			t.Fatalf("%d %s were named, want %d", len(all), of, n)
		}
		// Of random ones two neighbours are that near in one run of a million, and any two in
		// one of fifty thousand.
		for i := 1; i < n; i++ {
			if d := min(all[i]-all[i-1], all[i-1]-all[i]); d < 1<<28 {
				t.Errorf("of %s: %d follows %d", of, all[i], all[i-1])
			}
		}
		// Each bit is set in half of them, changes from one to the next in half of the cases,
		// and so in steps: six standard deviations are off in one run of some millions.
		var set, changed, step [64]int
		for i := range all {
			count(&set, all[i])
			if i > 0 {
				count(&changed, all[i]^all[i-1])
				count(&step, all[i]-all[i-1])
			}
		}
		for _, counts := range [][64]int{set, changed, step} {
			for bit, times := range counts {
				if off := times - n/2; bit >= open[of] && off*off > 36*n/4 {
					t.Errorf("of %s: bit %d is set, or changes, %d times in %d", of, bit, times, n)
				}
			}
		}
		slices.Sort(all)
		for i := 1; i < n; i++ {
			if all[i]-all[i-1] < 1<<20 {
				t.Errorf("of %s: %d and %d are near each other", of, all[i-1], all[i])
			}
		}
		if all[0] == 0 {
			t.Errorf("of %s: one is 0", of)
		}
	}
	if slices.ContainsFunc(numbers, func(n uint64) bool { _, found := slices.BinarySearch(tokens, n); return found }) {
		t.Error("a call and a message have the same name")
	}
}

func count(set *[64]int, n uint64) {
	for ; n != 0; n &= n - 1 {
		set[bits.TrailingZeros64(n)]++
	}
}

func TestTwoCallsInFlightNeverHaveTheSameNumber(t *testing.T) {
	var table inFlight
	first, _ := waiting(&table, new(carrier), 7, 1)
	if table.add(&Call{seq: 7}) {
		t.Error("a second call of a number in flight is taken in, and the first is lost")
	}
	if table.take(7) != first {
		t.Error("the first call is lost")
	}
	if !table.add(&Call{seq: 7}) {
		t.Error("the number isn't free though its call is over")
	}
}
