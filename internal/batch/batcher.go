package batch

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

const (
	// WorkBudget is how much expected work one message may hold. A message goes to
	// one instance whole, so what is quick shares messages and what is slow spreads
	// over instances, one call a message. Chosen by measurement: see
	// docs/performance.md.
	WorkBudget = 100 * time.Microsecond
	// UnknownWork is the work expected of a method that hasn't replied yet.
	UnknownWork = WorkBudget / 4
	// MinWork is the least work expected of any call, as replies count whole
	// microseconds.
	MinWork = time.Microsecond / 2

	// Sharing a message saves less than the copy into it costs: for frames from large on,
	// in bytes, and from medium on for those that nobody would share with.
	large  = MaxMessage / 2
	medium = large / 8

	// senderRounds is how many messages a caller sends before a goroutine of the
	// batcher's own takes over: it has a call of its own to wait for.
	senderRounds = 16

	// mostYields is how often Linger yields, at most, to those who usually add a frame.
	mostYields = 6
)

// Batcher queues the frames that go to one place and sends them, those that wait at
// the same moment in one message. No frame waits for others to come: the goroutine that finds
// the batcher idle becomes its sender and sends at once.
//
//	Add ── idle? ── no ──▶ frame joins the last message of the queue; done
//	         │
//	        yes ─▶ others in flight? yield the processor once
//	               └▶ take the first message, publish it ─┐
//	                  ▲                                    │ until the queue is empty
//	                  └────────────────────────────────────┘
type Batcher struct {
	open    func(*Message)
	publish func(*Message)
	largest func() int
	yield   func() // runtime.Gosched, but in tests

	// refillShare says, in percent and on average, how many of those who were woken while the
	// batcher was corked had added a frame by the end of Linger. Only the goroutine that is the
	// sender reads and writes it.
	refillShare int

	mu      sync.Mutex
	queue   []*Message    // guarded by mu; queue[head:] wait, in the order in which they leave
	head    int           // guarded by mu
	sending bool          // guarded by mu; some goroutine is the sender: it is in send, or will be when it uncorks
	settled chan struct{} // guarded by mu; closed when nobody is the sender any more; nil: nobody waits for that

	frames   atomic.Uint64
	messages atomic.Uint64
}

// New returns a batcher whose messages go to publish, one at a time and in
// order. The message is publish's until it returns. No message grows by sharing beyond MaxMessage,
// nor beyond what largest returns, in bytes, which may change; 0, or largest nil: it isn't known. Largest is
// called under the batcher's lock, as open is.
//
// Open begins each message: it appends the message's header to its Data, which is empty, and
// frames about who sends it, if any, and may set Token and Began. Nil: the header alone. It may be
// called under the batcher's lock, so it calls nothing of the batcher, and by several at once.
func New(largest func() int, open, publish func(*Message)) *Batcher {
	if open == nil {
		open = func(m *Message) { m.Data = wire.AppendMessageHeader(m.Data) }
	}
	return &Batcher{open: open, publish: publish, largest: largest, yield: runtime.Gosched}
}

// Add queues a frame and sees to it that it leaves. If others is true, other calls are in
// flight, so yielding once may fill the message.
//
// Add may publish other frames as well as its own, and returns without its own being
// sent if another goroutine is the sender.
func (b *Batcher) Add(f *wire.Frame, of Call, others bool) {
	b.mu.Lock()
	m := b.messageForLocked(f, &of)
	if !of.Left.leaves(m.ID, m.Token) {
		if m.Frames == 0 {
			m.recycle()
		}
		b.mu.Unlock()
		return
	}
	if m.Frames == 0 {
		b.queue = append(b.queue, m)
	}
	m.add(f, &of)
	if b.sending {
		b.mu.Unlock()
		return
	}
	b.sending = true
	b.mu.Unlock()

	if others {
		b.yield()
	}
	b.send(senderRounds)
}

// GoesWhole reports whether a frame should leave by AddWhole. If others is true, other
// calls are in flight.
func GoesWhole(f *wire.Frame, others bool) bool {
	size := f.Size()
	return size >= large || size >= medium && !others
}

// AddWhole is Add for a frame that is to be a message of its own. It leaves at once, past the
// queue, as it shares its message with no other. Make makes the message, in memory of the caller's.
func (b *Batcher) AddWhole(f *wire.Frame, of Call, make Maker) {
	m := b.begin(of.Method)
	of.setTime(f, m)
	opening, own := m.Data, m.memory
	m.made(make(opening))
	m.Frames, m.Seqs, m.Whole, m.Anyone = 1, append(m.Seqs, f.Seq), true, of.Anyone
	if of.Left.leaves(m.ID, m.Token) {
		b.frames.Add(1)
		b.messages.Add(1)
		b.publish(m)
	}
	m.Data, m.memory = opening, own // the other memory is the caller's again
	m.recycle()
}

// AddNext is Add for a frame of that number, of no call, that is a message of its own, made by make. It
// keeps its place in the queue. The memory is the batcher's from then on, and the caller gets other
// memory for it, which may have less room, or none.
func (b *Batcher) AddNext(seq uint64, make Maker) (instead []byte) {
	b.mu.Lock()
	m := b.begin("")
	instead = m.memory
	m.made(make(m.Data))
	m.Frames, m.Seqs, m.apart = 1, append(m.Seqs, seq), true
	b.queue = append(b.queue, m)
	if b.sending {
		b.mu.Unlock()
		return instead
	}
	b.sending = true
	b.mu.Unlock()
	b.send(senderRounds)
	return instead
}

// Maker makes a message of its opening, which it doesn't keep: memory[begin:]. In front of it the memory
// is free.
type Maker func(opening []byte) (memory []byte, begin int)

// Withdraw keeps a frame from leaving that waits in the queue, or is about to be added to it.
// It returns false if the frame may have left. Nothing may be in the message but frames that
// Add has taken.
func (b *Batcher) Withdraw(seq uint64, left *Left) bool {
	if left.withdraw() {
		return true // Add will see it
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	waiting := b.queue[b.head:]
	i, found := slices.BinarySearchFunc(waiting, left.In(), func(m *Message, id uint64) int { return cmp.Compare(m.ID, id) })
	if found {
		waiting[i].withdrawn = append(waiting[i].withdrawn, seq)
	}
	return found
}

// Cork keeps frames in the queue until Uncork, for a goroutine that is about to add many, or to
// wake many that may. It returns false, and then Uncork isn't called, if the batcher isn't
// idle.
func (b *Batcher) Cork() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sending {
		return false
	}
	b.sending = true
	return true
}

// Linger yields the processor to those who were woken while the batcher is corked. Where they
// usually add a frame it yields until as many are there, a few times at most: with several
// processors a yield may return before they could run.
func (b *Batcher) Linger(woken int) {
	b.yield()
	for range mostYields - 1 {
		if b.refillShare < 50 || b.waiting() >= woken {
			break
		}
		b.yield()
	}
	b.refillShare += (100*min(b.waiting(), woken)/max(woken, 1) - b.refillShare) / 8
}

// Uncork ends what Cork began, and sends what has gathered.
func (b *Batcher) Uncork() { b.send(senderRounds) }

// waiting returns how many frames are in the queue.
func (b *Batcher) waiting() (frames int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.queue[b.head:] {
		frames += m.Frames
	}
	return frames
}

// Settle waits until all that was added has left, or ctx ends: also what another goroutine sends.
func (b *Batcher) Settle(ctx context.Context) {
	b.mu.Lock()
	if !b.sending {
		b.mu.Unlock()
		return
	}
	if b.settled == nil {
		b.settled = make(chan struct{})
	}
	settled := b.settled
	b.mu.Unlock()
	select {
	case <-settled:
	case <-ctx.Done():
	}
}

// Sent returns how many frames left in how many messages.
func (b *Batcher) Sent() (frames, messages uint64) {
	return b.frames.Load(), b.messages.Load()
}

// send publishes until the queue is empty, or hands over after some rounds.
func (b *Batcher) send(rounds int) {
	for {
		b.mu.Lock()
		if b.head == len(b.queue) {
			b.queue, b.head = b.queue[:0], 0
			b.sending = false
			if b.settled != nil {
				close(b.settled)
				b.settled = nil
			}
			b.mu.Unlock()
			return
		}
		if rounds == 0 {
			b.mu.Unlock()
			go b.send(-1)
			return
		}
		m := b.queue[b.head]
		b.queue[b.head] = nil
		b.head++
		b.mu.Unlock()
		rounds--

		if len(m.withdrawn) > 0 && !m.withdraw() {
			m.recycle()
			continue
		}
		b.frames.Add(uint64(m.Frames))
		b.messages.Add(1)
		b.publish(m)
		m.recycle()
	}
}

// messageForLocked returns the message that takes the frame: the last one of the
// queue, or a new one, which isn't there yet, if that is full.
func (b *Batcher) messageForLocked(f *wire.Frame, of *Call) *Message {
	if n := len(b.queue); n > b.head && !of.Apart && !b.queue[n-1].apart {
		m := b.queue[n-1]
		// In a message of several methods each frame names its own.
		size := f.Size() + len(of.Method)
		if m.Method != of.Method && !m.mixed {
			size += m.Frames * (len(m.Method) + 1)
		}
		if m.work+of.Work <= WorkBudget && len(m.Data)+size <= b.maxSize() {
			return m
		}
	}
	m := b.begin(of.Method)
	m.apart = of.Apart
	return m
}

// maxSize is how large a message may get by sharing.
func (b *Batcher) maxSize() int {
	if b.largest != nil {
		if most := b.largest(); most > 0 {
			return min(most, MaxMessage)
		}
	}
	return MaxMessage
}

// begin begins a message.
func (b *Batcher) begin(method string) *Message {
	m := messagePool.Get().(*Message)
	m.ID, m.Token = lastMessage.Add(1), 0
	m.lay()
	m.Began, m.Method = time.Time{}, method
	m.Frames, m.Seqs, m.work, m.mixed = 0, m.Seqs[:0], 0, false
	m.apart, m.Whole, m.Anyone, m.withdrawn = false, false, false, m.withdrawn[:0]
	b.open(m)
	return m
}
