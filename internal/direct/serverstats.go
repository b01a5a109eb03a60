package direct

import "sync/atomic"

// ServerStats count what becomes of a server's direct links.
type ServerStats struct {
	// Open is how many there are now, HalfOpen how many are about to open.
	Open, HalfOpen atomic.Int64
	// Opened is how many were opened, TooMany how many weren't as there are so many.
	Opened, TooMany atomic.Uint64
	// WrongProofs counts those that didn't open, and further tickets that weren't taken, as the
	// other end hadn't the right ticket or didn't know its secret; Failed those that didn't open
	// for other reasons.
	WrongProofs, Failed atomic.Uint64
	// Broken counts those that ended as the other end broke the protocol.
	Broken atomic.Uint64
	// Tickets is how many were given.
	Tickets atomic.Uint64
	// Answers counts answers that left by direct links.
	Answers atomic.Uint64
}
