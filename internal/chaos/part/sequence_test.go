package part

import (
	"testing"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

func TestItemsThatArentThoseOfTheirStreamInOrderAreCounted(t *testing.T) {
	const id = 7
	for what, c := range map[string]struct {
		items []int64
		all   int64 // how many there should be at its end; -1: it didn't end well
		want  ledger.Entry
	}{
		"all in order":              {[]int64{0, 1, 2}, 3, ledger.Entry{Items: 3}},
		"none":                      {nil, 0, ledger.Entry{}},
		"one lost in the middle":    {[]int64{0, 2}, 3, ledger.Entry{Items: 2, Lost: 1}},
		"two lost at the end":       {[]int64{0}, 3, ledger.Entry{Items: 1, Lost: 2}},
		"an error at the end":       {[]int64{0}, -1, ledger.Entry{Items: 1}},
		"one twice":                 {[]int64{0, 1, 1, 2}, 3, ledger.Entry{Items: 4, Doubled: 1}},
		"two in the wrong order":    {[]int64{1, 0}, 2, ledger.Entry{Items: 2, Lost: 1, Doubled: 1}},
		"one of another stream":     {[]int64{0, mostItems + 1, 1}, 2, ledger.Entry{Items: 3, Foreign: 1}},
		"one of no stream, instead": {[]int64{-itemOf(id, 0) - 1, 1}, 2, ledger.Entry{Items: 2, Foreign: 1, Lost: 1}},
	} {
		s := sequence{id: id}
		for _, i := range c.items {
			s.take(itemOf(id, i))
		}
		if c.all >= 0 {
			s.end(c.all)
		}
		var got ledger.Entry
		s.tell(&got)
		if got.Items != c.want.Items || got.Lost != c.want.Lost || got.Doubled != c.want.Doubled || got.Foreign != c.want.Foreign {
			t.Errorf("%s: %d came, %d were lost, %d doubled, %d foreign; want %+v", what, got.Items, got.Lost, got.Doubled, got.Foreign, c.want)
		}
	}
}

func TestLargeItemsCarryTheirNumbers(t *testing.T) {
	for _, size := range []int{0, 8, 100} {
		item := largeItem(7, 5, size)
		if len(item) != max(size, 8) || numberOf(item) != itemOf(7, 5) {
			t.Errorf("an item of %d bytes has %d and the number %d, want %d", size, len(item), numberOf(item), itemOf(7, 5))
		}
	}
}

func TestALargeItemThatIsntAsItWasSentHasNoNumber(t *testing.T) {
	const size = 20_000
	other := largeItem(7, 6, size)
	for what, change := range map[string]func([]byte) []byte{
		"almost all of it is missing":   func(item []byte) []byte { return item[:2] },
		"its last byte is missing":      func(item []byte) []byte { return item[:size-1] },
		"a part is missing":             func(item []byte) []byte { return append(item[:8000:8000], item[12_000:]...) },
		"a byte is another":             func(item []byte) []byte { item[15_000]++; return item },
		"a part is another item's":      func(item []byte) []byte { copy(item[8000:12_000], other[8000:]); return item },
		"two parts have changed places": func(item []byte) []byte { copy(item[8000:12_000], item[12_000:16_000]); return item },
		"something is behind it":        func(item []byte) []byte { return append(item, 0) },
	} {
		if got := numberOf(change(largeItem(7, 5, size))); got >= 0 {
			t.Errorf("%s: it has the number %d, want none", what, got)
		}
	}
}

func TestLargeValuesDifferInEachPlaceAndByTheirNumbers(t *testing.T) {
	one, other := largeValue(7, 100), largeValue(8, 100)
	for at := 0; at+8 <= 96; at += 8 {
		if string(one[at:at+8]) == string(other[at:at+8]) || at > 0 && string(one[at:at+8]) == string(one[:8]) {
			t.Errorf("eight bytes at %d of one value are those of another, or of another place", at)
		}
	}
}
