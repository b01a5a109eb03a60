package rpcclient

import "sync/atomic"

// sentLog remembers of the latest messages how they left. When NATS refuses a subject,
// that decides which calls it refused: the others of the same method may be running.
// When the connection is lost, it decides which calls went with it: the others weren't
// sent, and will learn that. Its zero value is empty.
type sentLog struct {
	slots [4096]atomic.Uint64 // the message's ID, then two bits; 0: none
}

const (
	sharedBit = 1 << iota // it left on the subject that all methods share
	takenBit              // the connection has taken it
	idShift   = iota
)

func (l *sentLog) slot(message uint64) *atomic.Uint64 {
	return &l.slots[message%uint64(len(l.slots))]
}

// leaving is told before a message is handed to the connection.
func (l *sentLog) leaving(message uint64, shared bool) {
	entry := message << idShift
	if shared {
		entry |= sharedBit
	}
	slot := l.slot(message)
	for old := slot.Load(); old < entry; old = slot.Load() {
		if slot.CompareAndSwap(old, entry) {
			return
		}
	}
	// A much later message has the slot: this one waited very long in its outbox.
}

// taken is told after the connection has taken a message.
func (l *sentLog) taken(message uint64) {
	// Another outbox may have reused the slot meanwhile.
	slot := l.slot(message)
	if entry := slot.Load(); entry>>idShift == message {
		slot.CompareAndSwap(entry, entry|takenBit)
	}
}

// sentHow says on what subject a message left.
type sentHow int

const (
	notYet   sentHow = iota // it hasn't left
	alone                   // on the subject of its only method
	together                // on the subject that all methods share
	longAgo                 // not remembered
)

func (l *sentLog) how(message uint64) sentHow {
	entry := l.slot(message).Load()
	switch id := entry >> idShift; {
	case message == 0 || id < message:
		return notYet
	case id > message:
		return longAgo
	case entry&sharedBit != 0:
		return together
	}
	return alone
}

// wasTaken reports whether the connection has taken a message.
func (l *sentLog) wasTaken(message uint64) bool {
	entry := l.slot(message).Load()
	id := entry >> idShift
	return message != 0 && (id > message || id == message && entry&takenBit != 0)
}
