package link

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/batch"
)

// manifests say which calls left in which message: who refuses a message whole, or says that it found nobody,
// names no calls.
//
// Most clients are never told so, and keep none. The first question finds them all in one pass over the calls
// in flight, and each message that leaves is noted from then on, so that further questions cost no pass,
// however many they are. At the next beat all manifests are dropped, among them those of calls that are over, and so they are
// when a message leaves while no call is in flight: then it is one of one-way calls, and no beat may come.
type manifests struct {
	inFlight *inFlight
	kept     atomic.Bool // messages that leave are noted; each of them reads it

	mu    sync.Mutex
	calls map[uint64][]uint64 // guarded by mu; the numbers of a message's calls, by its token; nil: none are kept
}

// leaves is told of each message of calls before it is handed to a link.
func (l *manifests) leaves(m *batch.Message) {
	if !l.kept.Load() {
		return
	}
	if l.inFlight.count.Load() == 0 { // a call counts from before its message leaves until it is out of the table
		l.drop()
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls != nil {
		l.calls[m.Token] = slices.Clone(m.Seqs)
	}
}

// of returns the numbers of the calls that left in the message of a token, or were to leave in it. Some may
// be over. There is none of the token 0.
func (l *manifests) of(token uint64) []uint64 {
	if token == 0 {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls == nil {
		l.kept.Store(true) // before looking: the calls of a message that missed it are in the table, with its token
		l.calls = make(map[uint64][]uint64)
		l.inFlight.each(func(c *Call) {
			if token := c.left.Token(); token != 0 {
				l.calls[token] = append(l.calls[token], c.seq)
			}
		})
	}
	return l.calls[token]
}

// drop lets go of all manifests.
func (l *manifests) drop() {
	if !l.kept.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept.Store(false)
	l.calls = nil
}
