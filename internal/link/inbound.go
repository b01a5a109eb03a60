package link

import (
	"context"
	"sync"

	"github.com/nats-io/nats.go"
)

const (
	// inboundMessages is how many messages may wait in the channel in which nats.go puts them. It
	// drops, without a word to their senders, what finds no room there.
	inboundMessages = 1 << 16
	// inboundFew is how many stay there: those beyond are taken out, in an instant.
	inboundFew = 128
	// keptMessages is how many that were taken out may wait, and how many may wait to be refused.
	keptMessages = 1 << 16
	// messageOverhead is about what a message takes beside what came for it, in bytes.
	messageOverhead = 512
)

// inbound are the messages that wait to be received. Those of all subscriptions come into one
// channel, so that they are received in the order in which they came. It is received from by one
// goroutine, which never waits for anything; but where many goroutines want the processors, or
// each message takes it longer than it took NATS, messages come faster than they are received.
// They would fill the channel, and what came then would be lost. So whoever receives takes them
// out first:
//
//	nats.go ─▶ come ─┬─────────────▶ next
//	                 ├▶ kept ──────────▲    if more than a few wait
//	                 └▶ tooMany ───────┘    beyond the bounds: to be refused, before all others
//
// All but come belong to the goroutine that receives.
type inbound struct {
	come     chan *nats.Msg
	marks    sync.Map                  // of func(), by what stands for them in come; see mark
	small    func(subject string) bool // reports whether a message is to be heeded as long as that is possible
	maxBytes int

	kept    []*nats.Msg // kept[head:] wait
	head    int
	bytes   int // that those hold
	tooMany []*nats.Msg
}

// next waits for the next message, nil once the channel says so by one that is nil. tooMany tells
// that it is to be refused.
func (q *inbound) next() (msg *nats.Msg, tooMany bool) {
	if len(q.come) > inboundFew && len(q.tooMany) < keptMessages {
		q.takeOut()
	}
	if n := len(q.tooMany); n > 0 {
		msg = q.tooMany[0]
		q.tooMany[0] = nil
		if q.tooMany = q.tooMany[1:]; n == 1 {
			q.tooMany = nil
		}
		return msg, true
	}
	if q.head == len(q.kept) {
		return <-q.come, false
	}
	msg = q.kept[q.head]
	q.kept[q.head] = nil
	if q.head++; q.head == len(q.kept) {
		q.kept, q.head = q.kept[:0], 0
		if cap(q.kept) > keptMessages/16 {
			q.kept = nil // a flood's
		}
	}
	q.bytes -= size(msg)
	return msg, false
}

// takeOut takes all out of the channel.
func (q *inbound) takeOut() {
	if q.head > 0 {
		n := copy(q.kept, q.kept[q.head:])
		clear(q.kept[n:])
		q.kept, q.head = q.kept[:n], 0
	}
	for range len(q.come) {
		msg := <-q.come
		if msg != nil && msg.Sub != nil && q.isTooMuch(msg) {
			q.tooMany = append(q.tooMany, msg)
			continue
		}
		q.kept = append(q.kept, msg)
		q.bytes += size(msg)
	}
}

// isTooMuch reports whether a message is beyond the bounds. What is to be heeded has a bound of its own.
func (q *inbound) isTooMuch(msg *nats.Msg) bool {
	if q.small(msg.Subject) {
		return q.bytes/2+size(msg)/2 > q.maxBytes
	}
	return len(q.kept) >= keptMessages || q.bytes+size(msg) > q.maxBytes
}

// size is about how many bytes a message holds.
func size(msg *nats.Msg) int {
	if msg == nil {
		return 0
	}
	return msg.Size() + messageOverhead
}

// waits reports whether next would return at once.
func (q *inbound) waits() bool {
	return len(q.come) > 0 || q.head < len(q.kept) || len(q.tooMany) > 0
}

// mark puts a mark in line behind all that has come, and waits for room; see ServerBus.Mark.
func (q *inbound) mark(ctx context.Context, reached func()) error {
	mark := new(nats.Msg)
	q.marks.Store(mark, reached)
	select {
	case q.come <- mark:
		return nil
	case <-ctx.Done():
		q.marks.Delete(mark)
		return ctx.Err()
	}
}

// reached returns what a mark is for, nil if the message is none.
func (q *inbound) reached(msg *nats.Msg) func() {
	if msg.Sub != nil { // it came by NATS
		return nil
	}
	if reached, ok := q.marks.LoadAndDelete(msg); ok {
		return reached.(func())
	}
	return nil
}
