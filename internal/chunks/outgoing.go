package chunks

import (
	"sync/atomic"
)

// Outgoing is a value that is sent as far as the other end gives credit. One goroutine sends; credit
// may come from any.
type Outgoing struct {
	// Granted tells that credit has come, perhaps no more than before.
	Granted chan struct{}

	value  []byte
	sent   int
	credit atomic.Uint64 // the offset before which all may be sent
}

// NewOutgoing returns a value that is to be sent.
func NewOutgoing(value []byte) *Outgoing {
	return &Outgoing{Granted: make(chan struct{}, 1), value: value}
}

// Grant takes in credit. It never falls; what says nothing new is a sign of life.
func (o *Outgoing) Grant(offset uint64) {
	for before := o.credit.Load(); offset > before && !o.credit.CompareAndSwap(before, offset); {
		before = o.credit.Load()
	}
	select {
	case o.Granted <- struct{}{}:
	default:
	}
}

// Next returns the next part, of so many bytes at most, if there is credit for it.
func (o *Outgoing) Next(most int) (offset uint64, part []byte, ok bool) {
	end := min(uint64(len(o.value)), o.credit.Load(), uint64(o.sent+min(most, Part)))
	if end <= uint64(o.sent) {
		return 0, nil, false
	}
	offset, part = uint64(o.sent), o.value[o.sent:end]
	o.sent = int(end)
	return offset, part, true
}

// Sent returns how many bytes were sent.
func (o *Outgoing) Sent() int { return o.sent }

// Done reports whether all was sent.
func (o *Outgoing) Done() bool { return o.sent == len(o.value) }
