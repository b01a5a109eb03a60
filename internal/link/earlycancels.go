package link

import (
	"sync"
	"sync/atomic"
)

// earlyCancels are those of calls that were given up while the message that they left in was about to be
// handed to its link. A cancel that overtook its call would find nothing to end, and the handler would run
// until the call's deadline, so each follows its message. Its zero value has none.
//
//	call taken out of the table ─▶ taken by a link? ─ yes ─▶ its cancel leaves
//	                                   └ no ─▶ kept ─▶ the message is taken ─▶ its cancels leave
type earlyCancels struct {
	count atomic.Int64 // of the messages with some

	mu   sync.Mutex
	kept map[uint64][]func(by *Receiver) // guarded by mu; by the message's ID
}

// keep keeps the cancel of a call until its message has left. Who finds that it has by then takes it again.
func (e *earlyCancels) keep(message uint64, cancel func(by *Receiver)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.kept == nil {
		e.kept = make(map[uint64][]func(*Receiver))
	}
	e.kept[message] = append(e.kept[message], cancel)
	e.count.Store(int64(len(e.kept)))
}

// take returns the cancels of the calls of a message, which nobody else gets then.
func (e *earlyCancels) take(message uint64) []func(by *Receiver) {
	if e.count.Load() == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	cancels := e.kept[message]
	delete(e.kept, message)
	e.count.Store(int64(len(e.kept)))
	return cancels
}
