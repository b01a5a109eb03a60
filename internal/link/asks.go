package link

import (
	"sync"
	"sync/atomic"

	"github.com/helium-rpc/helium/internal/wire"
)

// asks are messages that ask single instances whether they are there: they say only who sends
// them, and whoever knows heartbeats answers with who is asked. An answer counts for the
// instance that was asked, whatever it says of itself, for nobody else knows where it goes.
type asks struct {
	count atomic.Int64 // of those that wait; read for every message that comes

	mu      sync.Mutex
	waiting map[uint64]*ask // guarded by mu; by the number of their message
}

// ask is one of them.
type ask struct {
	of      *Instance
	subject string
	is      atomic.Int32           // an askState
	stream  atomic.Pointer[string] // that acknowledged it, which is no answer; nil: none
	stray   bool                   // it is for strays; the vigil's own
	done    atomic.Bool            // the instance has answered
	answer  chan []byte            // takes what is answered, nil if nothing is; nil: only who answers counts
}

type askState = int32

const (
	askOpen    askState = iota
	askNobody           // nobody listens there
	askRefused          // this connection may not ask there
)

// add returns an ask to send, and the number that its reply subject ends with.
func (a *asks) add(of *Instance, subject string) (*ask, uint64) {
	one := &ask{of: of, subject: subject}
	return one, a.enter(one)
}

// enter enters an ask, and returns its number.
func (a *asks) enter(one *ask) (number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.waiting == nil {
		a.waiting = make(map[uint64]*ask)
	}
	number = unguessable()
	for a.waiting[number] != nil {
		number = unguessable()
	}
	a.waiting[number] = one
	a.count.Store(int64(len(a.waiting)))
	return number
}

// drop forgets asks that nobody waits for any more.
func (a *asks) drop(match func(*ask) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for number, one := range a.waiting {
		if match(one) {
			delete(a.waiting, number)
		}
	}
	a.count.Store(int64(len(a.waiting)))
}

// get returns the ask of that number, nil if there is none.
func (a *asks) get(number uint64) *ask {
	if a.count.Load() == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting[number]
}

// refused takes in that this connection may not publish to a subject, and reports whether that
// was asked.
func (a *asks) refused(subject string) (own bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.waiting {
		if one.subject == subject {
			one.is.Store(askRefused)
			own = true
			if one.answer != nil {
				one.give(nil)
			}
		}
	}
	return own
}

// deliver takes in an answer, or that nobody listens.
func (one *ask) deliver(data []byte, nobody bool) {
	if nobody {
		one.is.Store(askNobody)
		data = nil
	} else if stream := wire.CapturedBy(data); stream != "" {
		one.stream.Store(&stream)
		return
	}
	one.give(data)
}

func (one *ask) give(data []byte) {
	select {
	case one.answer <- data:
	default: // there was one already
	}
}

// answered takes in an answer, in a beat.
func (one *ask) answered(data []byte, beat uint64) {
	frames, err := wire.ReadMessage(data)
	if err != nil || !frames.More() {
		return
	}
	var f wire.Frame
	if frames.Next(&f) != nil {
		return
	}
	switch f.Kind {
	case wire.KindInstance:
		if string(f.Body) == one.of.Name {
			one.of.says(f.Abilities)
			one.of.hear(beat)
			one.of.answers.Store(true)
			one.done.Store(true)
		}
	case wire.KindError:
		// It has too much to do to read the question, but it isn't silent.
		if e, err := wire.ReadError(f.Body); err == nil && e.Instance == one.of.Name {
			one.of.hear(beat)
			one.of.answers.Store(true)
		}
	}
}

// wasAnswered reports whether the instance has answered.
func (one *ask) wasAnswered() bool { return one.done.Load() }
