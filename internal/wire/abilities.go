package wire

import "time"

// A message may begin with a frame about who sends it: a message of calls with a KindSender,
// and a message of answers to one who began with that with a KindInstance. Peers that don't
// know them ignore them, so they go to anybody. What must be understood goes only to peers
// that have said in these frames that they understand it.

// Abilities are what a peer can do beyond what all peers can, one bit each. Bits that aren't
// known are ignored.
type Abilities uint64

const (
	// Heartbeats: a sender takes frames that say which of its calls still run, and an instance
	// sends them.
	Heartbeats Abilities = 1 << iota
	// AnswersOnce: an instance answers each message of calls by one message only, when all its
	// calls have ended. So it is best sent one call a message, and sends no heartbeats.
	AnswersOnce
	// IdempotencyKeys: an instance keeps the results of calls with idempotency keys, and takes
	// such calls. Only its record says so.
	IdempotencyKeys
	// Direct: an instance gives tickets for direct links. Only its record says so.
	Direct
	// Streams: an instance takes streams. Only its record says so.
	Streams
	// Chunks: a sender takes results in chunks, and an instance arguments, where they are larger
	// than a message. Who sends them says so beforehand, and waits for credit; see [KindChunk].
	Chunks
	// ItemParts: a sender takes items of streams in parts, and an instance does, of which only its record
	// says so; see [Part].
	ItemParts
	// LargeStreams: a sender takes the result of a stream as an item in parts where it is larger than a
	// message, and an instance the arguments, of which only its record says so; see [KindLargeStream]. Who
	// has it has ItemParts.
	LargeStreams
)

// Has reports whether all of some abilities are among a.
func (a Abilities) Has(some Abilities) bool { return a&some == some }

// HeartbeatInterval is how often an instance that sends heartbeats says which calls still run.
// Calls that take less are in none.
const HeartbeatInterval = 500 * time.Millisecond
