package batch

import (
	"math"
	"sync/atomic"
)

// Left is the message in which a call left, or is to leave. It may be read at any time.
type Left struct{ id, token atomic.Uint64 }

// withdrawn is the ID of no message: the call isn't to leave.
const withdrawn = math.MaxUint64

// In returns the ID of the message; 0: the call is in none yet.
func (l *Left) In() uint64 { return l.id.Load() }

// Token returns the token of the message; 0: the call is in none yet, or it has none.
func (l *Left) Token() uint64 { return l.token.Load() }

// Set says which message it is.
func (l *Left) Set(id, token uint64) {
	l.token.Store(token)
	l.id.Store(id)
}

// withdraw keeps the call from leaving. It returns false if its frame is in a message already.
func (l *Left) withdraw() bool { return l.id.CompareAndSwap(0, withdrawn) }

// leaves says in which message the frame of a call leaves. It returns false if the call was
// withdrawn before.
func (l *Left) leaves(id, token uint64) bool {
	if l == nil {
		return true
	}
	l.token.Store(token)
	return l.id.CompareAndSwap(0, id)
}
