package part

import "github.com/helium-rpc/helium/internal/chaos/ledger"

// mostItems is how many items a stream has at most: an item is a number that says whose it is, and which.
const mostItems = 1_000_000_000

func itemOf(id, i int64) int64 { return id*mostItems + i }

// sequence checks the items of one stream as they come.
type sequence struct {
	id     int64
	next   int64 // the item that should come
	counts ledger.Entry
}

// take takes in an item.
func (s *sequence) take(item int64) {
	s.counts.Items++
	if item/mostItems != s.id {
		s.counts.Foreign++
		return
	}
	switch i := item % mostItems; {
	case i < s.next:
		s.counts.Doubled++
	default:
		s.counts.Lost += i - s.next
		s.next = i + 1
	}
}

// end takes in that the stream has ended well, and had so many items.
func (s *sequence) end(items int64) { s.counts.Lost += max(0, items-s.next) }

// tell puts into an entry what was found.
func (s *sequence) tell(e *ledger.Entry) {
	e.Items, e.Lost, e.Doubled, e.Foreign = s.counts.Items, s.counts.Lost, s.counts.Doubled, s.counts.Foreign
}
