package stream

import (
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// allowance is how much the other end of a stream may send. The receiver's mutex guards it.
type allowance struct {
	pool   *Pool
	window window
	strict bool // the other end keeps to limit with items that come whole, too

	taken wire.Credit // what was read, when credit was given last
	given wire.Credit // what may come in all
	step  wire.Credit // when so much or more was read since, more is given; who reads needs no mutex to look, as it alone writes it
	limit uint64      // bytes that may have come in all with an item that is larger than what is left of given
	held  int         // bytes of the pool
}

// open begins the time in which the window is measured.
func (a *allowance) open() { a.window.open(time.Now()) }

// admits reports whether so much more may come after what was seen.
func (a *allowance) admits(seen wire.Credit, bytes int, items uint64) bool {
	switch {
	case seen.Bytes >= a.given.Bytes, seen.Items+items > a.given.Items:
		return false
	default:
		return !a.strict || seen.Bytes+uint64(bytes) <= a.limit
	}
}

// more gives as much as the stream may have, once so much more was read of what was seen.
func (a *allowance) more(read, seen wire.Credit) {
	a.taken.Bytes += read.Bytes
	a.taken.Items += read.Items
	if a.given.Bytes > 0 {
		a.window.next(time.Now(), int(read.Bytes), seen.Bytes >= a.given.Bytes || seen.Items >= a.given.Items)
	}
	// The last item may have been larger than what was given.
	a.given.Bytes = max(a.given.Bytes, a.taken.Bytes)
	left := int(a.given.Bytes - a.taken.Bytes)
	share := poolShare
	if a.window.bytes > Window {
		share = grownShare
	}
	got := a.pool.exchange(a.held-left, a.window.bytes-left, share)
	a.held = left + got
	a.given.Bytes += uint64(got)
	// Who hasn't heard of every credit may take as much for what the last one gave.
	a.limit = max(a.limit, limitOf(a.given.Bytes, uint64(a.held)))
	a.given.Items = max(a.given.Items, a.taken.Items+a.window.items())
	// A bit less than half: of two halves the second would often lack a part of an item.
	a.step = wire.Credit{Bytes: uint64(a.held+2) * 3 / 8, Items: a.window.items() * 3 / 8}
}

// due reports whether more is to be given, once so much was read since more was given last.
func (a *allowance) due(read wire.Credit) bool {
	return read.Bytes >= a.step.Bytes || read.Items >= a.step.Items
}

// exceeds reports whether more was given than the other end knows of.
func (a *allowance) exceeds(known wire.Credit) bool {
	return a.given.Bytes > known.Bytes || a.given.Items > known.Items
}

// end gives back what is held of the pool.
func (a *allowance) end() {
	a.pool.put(a.held)
	a.held = 0
}
