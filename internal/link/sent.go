package link

import "sync/atomic"

// sentLog remembers of the latest messages how they left. When NATS refuses a subject,
// that decides which calls it refused: the others of the same method may be running.
// When a connection is lost, it decides which calls went with it: the others weren't
// sent, and will learn that. Its zero value is empty.
type sentLog struct {
	slots [4096]atomic.Uint64 // the message's ID, the number of its link, then two bits; 0: none
}

const (
	sharedBit = 1 << iota // it is of several methods
	takenBit              // the link has taken it, or none will
	linkShift = iota
	idShift   = linkShift + 8
	// unnumbered is the number of links beyond those that have one of their own.
	unnumbered = 1<<(idShift-linkShift) - 1
)

func (l *sentLog) slot(message uint64) *atomic.Uint64 {
	return &l.slots[message%uint64(len(l.slots))]
}

// leaving is told before a message is handed to a link of that number, or to another one after the first
// didn't take it.
func (l *sentLog) leaving(message, link uint64, shared bool) {
	entry := message<<idShift | link<<linkShift
	if shared {
		entry |= sharedBit
	}
	slot := l.slot(message)
	for old := slot.Load(); old>>idShift <= message; old = slot.Load() {
		if slot.CompareAndSwap(old, entry) {
			return
		}
	}
	// A much later message has the slot: this one waited very long in its batcher.
}

// taken is told after the link has taken a message, or once it is certain that none will.
func (l *sentLog) taken(message uint64) {
	// Another batcher may have reused the slot meanwhile.
	slot := l.slot(message)
	if entry := slot.Load(); entry>>idShift == message {
		slot.CompareAndSwap(entry, entry|takenBit)
	}
}

// departure says how a message left.
type departure int

const (
	notYet   departure = iota // it hasn't left
	alone                     // its calls are of one method
	together                  // they are of several
	longAgo                   // not remembered
)

func (l *sentLog) how(message uint64) departure {
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

// by returns the number of the link that a message left by; unnumbered: that isn't known.
func (l *sentLog) by(message uint64) (link uint64) {
	entry := l.slot(message).Load()
	if message == 0 || entry>>idShift != message {
		return unnumbered
	}
	return entry >> linkShift & unnumbered
}

// wasTaken reports whether its link has taken a message. Those long ago, of which that isn't
// known any more, count as taken.
func (l *sentLog) wasTaken(message uint64) bool {
	entry := l.slot(message).Load()
	id := entry >> idShift
	return message != 0 && (id > message || id == message && entry&takenBit != 0)
}
