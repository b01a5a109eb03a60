package rpcclient

import "sync/atomic"

// sentLog remembers of the latest messages whether they left on the subject that all
// methods share. When NATS refuses a subject, that decides which calls it refused: the
// others of the same method may be running. Its zero value is empty.
type sentLog struct {
	slots [4096]atomic.Uint64 // the message's ID, twice, plus 1 if shared; 0: none
}

// record is called before the message leaves.
func (l *sentLog) record(message uint64, shared bool) {
	entry := message << 1
	if shared {
		entry |= 1
	}
	l.slots[message%uint64(len(l.slots))].Store(entry)
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
	entry := l.slots[message%uint64(len(l.slots))].Load()
	switch {
	case message == 0 || entry>>1 < message:
		return notYet
	case entry>>1 > message:
		return longAgo
	case entry&1 == 1:
		return together
	}
	return alone
}
