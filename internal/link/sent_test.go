package link

import "testing"

func TestTheSentLogKnowsHowTheLatestMessagesLeft(t *testing.T) {
	var l sentLog
	size := uint64(len(l.slots))
	check := func(message uint64, how departure, taken bool) {
		t.Helper()
		if got := l.how(message); got != how {
			t.Errorf("message %d left %v, want %v", message, got, how)
		}
		if got := l.wasTaken(message, 1); got != taken {
			t.Errorf("message %d was taken: %v, want %v", message, got, taken)
		}
	}
	check(0, notYet, false)
	check(7, notYet, false)
	l.leaving(7, 1, false)
	check(7, alone, false)
	l.taken(7)
	check(7, alone, true)
	l.leaving(8, 1, true)
	check(8, together, false)
	l.taken(8)
	check(8, together, true)

	// A later message takes the slot of an earlier one, but not the other way round.
	l.leaving(7+size, 1, true)
	check(7, longAgo, true)
	check(7+size, together, false)
	check(7+2*size, notYet, false)
	l.taken(7)
	check(7+size, together, false)
	l.leaving(7, 1, false)
	check(7+size, together, false)
}

func TestTheSentLogTellsLinksApart(t *testing.T) {
	var l sentLog
	l.leaving(7, 1, false)
	l.leaving(7, maxLinks-1, true) // the first one didn't take it
	l.taken(7)
	if by := l.link(7); by != maxLinks-1 || l.how(7) != together {
		t.Errorf("message 7 left by link %d, want %d", by, maxLinks-1)
	}
	if l.wasTaken(7, 1) || !l.wasTaken(7, maxLinks-1) {
		t.Error("the message counts as taken by the link that didn't take it; want the other one")
	}
	l.leaving(7+uint64(len(l.slots)), 0, false)
	if by := l.link(7); by != 0 || !l.wasTaken(7, 1) {
		t.Errorf("of a message long ago, the link is %d, want 0; it counts as taken by any", by)
	}
}
