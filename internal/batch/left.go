package batch

import (
	"math"
	"sync/atomic"
)

// Left is the message in which a call left, or is to leave. It may be read at any time.
type Left struct {
	id    atomic.Uint64
	token uint64 // written before id is, and read after it
}

// withdrawn is the ID of no message: the call isn't to leave.
const withdrawn = math.MaxUint64

// Set says which message it is, of a call that nobody else knows yet. An ID of 0: none so far.
func (l *Left) Set(id, token uint64) {
	*l = Left{token: token}
	if id != 0 {
		l.id.Store(id)
	}
}

// In returns the ID of the message; 0: the call is in none, or not yet.
func (l *Left) In() uint64 {
	if id := l.id.Load(); id != withdrawn {
		return id
	}
	return 0
}

// Token returns the token of the message; 0: the call is in none yet, or it has none.
func (l *Left) Token() uint64 {
	if id := l.id.Load(); id == 0 || id == withdrawn {
		return 0
	}
	return l.token
}

// withdraw keeps the call from leaving. It returns false if its frame is in a message already.
func (l *Left) withdraw() bool { return l.id.CompareAndSwap(0, withdrawn) }

// leaves says in which message the frame of a call leaves. It returns false if the call was
// withdrawn before. Only one message takes the call.
func (l *Left) leaves(id, token uint64) bool {
	if l == nil {
		return true
	}
	l.token = token
	return l.id.CompareAndSwap(0, id)
}
