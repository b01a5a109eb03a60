package chunks_test

import (
	"context"
	"testing"

	"github.com/helium-rpc/helium/internal/chunks"
)

func TestArgumentsLeaveInTurnWithinTheirRoomAndLargerOnesAlone(t *testing.T) {
	const mib = 1 << 20
	hasTurn := func(a *chunks.Arguments) bool {
		select {
		case <-a.Turn():
			return true
		default:
			return false
		}
	}
	want := func(when string, turns map[*chunks.Arguments]bool, leaving int64) {
		t.Helper()
		for a, turn := range turns {
			if got := hasTurn(a); got != turn {
				t.Errorf("%s: one has a turn: %t, want %t", when, got, turn)
			}
		}
		if got := chunks.Leaving(); got != leaving {
			t.Errorf("%s: %d bytes have room, want %d", when, got, leaving)
		}
	}
	first := chunks.SendArguments(chunks.MaxArguments-mib, true)
	small := chunks.SendArguments(mib, true)
	huge := chunks.SendArguments(2*chunks.MaxArguments, true)
	behind, given := chunks.SendArguments(1, true), chunks.SendArguments(mib, true)
	want("at first", map[*chunks.Arguments]bool{first: true, small: true, huge: false, behind: false, given: false}, chunks.MaxArguments)
	urgent := chunks.SendArguments(3*mib, false)
	want("with one that can't wait", map[*chunks.Arguments]bool{urgent: true, huge: false}, chunks.MaxArguments+3*mib)
	given.Leave()
	first.Leave()
	small.Leave()
	want("before the one that can't wait has left", map[*chunks.Arguments]bool{huge: false, behind: false}, 3*mib)
	urgent.Leave()
	want("when all have left", map[*chunks.Arguments]bool{huge: true, behind: false, given: false}, 2*chunks.MaxArguments)
	huge.Leave()
	huge.Leave() // which says nothing new
	want("behind a huge one", map[*chunks.Arguments]bool{behind: true, given: false}, 64<<10)
	behind.Leave()
	want("in the end", nil, 0)

	first = chunks.SendArguments(chunks.MaxArguments, true)
	huge, behind = chunks.SendArguments(chunks.MaxArguments, true), chunks.SendArguments(mib, true)
	huge.Leave()
	first.Leave()
	want("when one has given up before its turn", map[*chunks.Arguments]bool{behind: true}, mib)
	behind.Leave()
	want("in the end", nil, 0)
}

func TestWhoHoldsLargeArgumentsIsToldByTheContext(t *testing.T) {
	holds := context.WithValue(context.Background(), chunks.HolderKey{}, true)
	if got := [2]bool{chunks.Holds(context.Background()), chunks.Holds(holds)}; got != [2]bool{false, true} {
		t.Errorf("got %v, want false and true", got)
	}
}
