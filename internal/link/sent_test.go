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
		if got := l.wasTaken(message); got != taken {
			t.Errorf("message %d was taken: %v, want %v", message, got, taken)
		}
	}
	check(0, notYet, false)
	check(7, notYet, false)
	l.leaving(7, 0, false)
	check(7, alone, false)
	l.taken(7)
	check(7, alone, true)
	l.leaving(8, 0, true)
	check(8, together, false)
	l.taken(8)
	check(8, together, true)

	// A later message takes the slot of an earlier one, but not the other way round.
	l.leaving(7+size, 0, true)
	check(7, longAgo, true)
	check(7+size, together, false)
	check(7+2*size, notYet, false)
	l.taken(7)
	check(7+size, together, false)
	l.leaving(7, 0, false)
	check(7+size, together, false)
}
