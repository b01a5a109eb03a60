package link

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOfManyLateCancelsTheOldestAreDropped(t *testing.T) {
	const most = 16_000 // as docs/semantics.md says
	var l lateCancels
	sent := make(map[uint64]string)
	for seq := range uint64(most + 5) {
		l.keep(seq+1, func(instance string) { sent[seq+1] = instance })
	}
	for _, seq := range []uint64{5, 6, 6, 7} {
		l.found(seq, []byte("i1"))
	}
	l.found(8, []byte("no name.>"))
	if len(sent) != 2 || sent[6] != "i1" || sent[7] != "i1" {
		t.Errorf("sent %v, want the cancels 6 and 7 to i1", sent)
	}
}

func TestEachLateCancelIsKeptUntilItIsSentOrAsManyLaterOnesWere(t *testing.T) {
	const most = 10
	l := lateCancels{most: most}
	var latest []uint64 // the numbers, 0 in place of those that are kept no more
	gone := func(seq uint64) (was bool) {
		i := slices.Index(latest, seq)
		if i >= 0 {
			latest[i] = 0
		}
		return i >= 0
	}
	sent := 0
	for step := range 10_000 {
		seq := 1 + rand.Uint64N(3*most)
		if rand.IntN(2) == 0 {
			gone(seq)
			latest = append(latest, seq)
			latest = latest[max(0, len(latest)-most):]
			l.keep(seq, func(string) { sent++ })
			continue
		}
		before, want := sent, 0
		if gone(seq) {
			want = 1
		}
		if l.found(seq, []byte("i1")); sent-before != want {
			t.Fatalf("in step %d the cancel %d was sent %d times, want %d", step, seq, sent-before, want)
		}
	}
	if sent < 100 {
		t.Errorf("%d cancels were sent, want many, or nothing was tried", sent)
	}
}
