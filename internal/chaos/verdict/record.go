package verdict

import (
	"time"

	"github.com/helium-rpc/helium/internal/chaos/ledger"
)

// Record is what there is to judge of a run.
type Record struct {
	Entries []ledger.Entry
	Loads   []Load
	Marks   []Mark
	// Sizes of the processes that were there before the faults and after all calls had ended.
	Sizes []Size
	// Called and Sent are the calls that clients made and how often they sent one, where a
	// client lived to say it; Direct is how many of what they sent went by direct links.
	Called, Sent, Direct uint64
	// Running are the handlers that ran at the end, in the servers that lived to say it.
	Running int
	// Said is what the processes' own counts tell, of those that lived to say it.
	Said Said
	// Returns are when connections of a herd were made again, in no order.
	Returns []time.Time
}

// Said is what Helium counted itself. Nobody is judged by it alone: it tells whether a run has met what its
// scenario is about, and whether what the ledgers show was noticed.
type Said struct {
	RefusedWhole uint64 // messages that servers refused unread
	Dropped      uint64 // messages that servers lost unread
	Frozen       uint64 // calls that servers refused, as they had stood still and knew nothing of the caller's clock
	Abandoned    uint64 // calls whose contexts servers ended, as their callers seemed to be gone
	Twice        uint64 // calls that clients saw answered twice
	WentOn       uint64 // attempts of clients that went on, such as with another clock
}

// Load is calls of one kind, as entries name them.
type Load struct {
	Name     string
	From, To time.Time     // when the first and the last were meant to start
	CPU      time.Duration // what all servers used meanwhile, 0 if that isn't known
}

// Mark is a moment at which something was done.
type Mark struct {
	At   time.Time
	What string // in words
	Mend bool   // it ended a fault, instead of beginning one
}

// Size is how large a process was.
type Size struct {
	Process       string
	Before, After Footprint
}

// Footprint is what a process holds.
type Footprint struct {
	Goroutines int
	Heap       uint64 // bytes in use
	MaxRSS     uint64 // bytes; the most memory so far, 0 where it isn't known
}
