package rpcserver

import (
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/chunks"
)

// largeCall is what travels in chunks of a call: its arguments, its result, or one after the other.
type largeCall struct {
	args   *chunks.Incoming                // nil: they came whole
	result atomic.Pointer[chunks.Outgoing] // nil: it isn't there yet, or leaves whole
	// Both are left when the call is over; nil: none was taken.
	argsRoom, resultRoom *chunks.Room
}

// put takes in a part of the arguments.
func (l *largeCall) put(offset uint64, part []byte) {
	if l != nil && l.args != nil {
		l.args.Put(offset, part)
	}
}

// grant takes in credit for the result.
func (l *largeCall) grant(offset uint64) {
	if l == nil {
		return
	}
	if result := l.result.Load(); result != nil {
		result.Grant(offset)
	}
}

// leave gives back what memory was set aside.
func (l *largeCall) leave() {
	l.argsRoom.Leave()
	l.resultRoom.Leave()
}
