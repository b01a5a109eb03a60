package batch

import (
	"runtime"
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

	// MaxMessage is the size, in bytes, past which a message takes no further frame.
	MaxMessage = 64 << 10

	// Sharing a message saves less than the copy into it costs: for frames from large on,
	// in bytes, and from medium on for those that nobody would share with.
	large  = MaxMessage / 2
	medium = large / 8

	// MaxKept is the size, in bytes, up to which buffers are used again. It is what
	// NATS takes by default, and room to grow: making and clearing large buffers costs more
	// than copying what is in them, and what a pool keeps goes with the next garbage
	// collections.
	MaxKept = wire.UsualPayload + MaxMessage

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
	maxSize int
	yield   func() // runtime.Gosched, but in tests

	// refillShare says, in percent and on average, how many of those who were woken while the
	// batcher was corked had added a frame by the end of Linger. Only the goroutine that is the
	// sender reads and writes it.
	refillShare int

	mu      sync.Mutex
	queue   []*Message // guarded by mu; queue[head:] wait, in the order in which they leave
	head    int        // guarded by mu
	sending bool       // guarded by mu; some goroutine is the sender: it is in send, or will be when it uncorks

	frames   atomic.Uint64
	messages atomic.Uint64
}

// Message is a batch of frames that leave together.
type Message struct {
	// ID tells the messages of a process apart, and grows from each to the next.
	ID uint64
	// Token names the message to whoever answers it, where its opening gives it a name; else 0.
	Token uint64
	// Data is the whole payload.
	Data []byte
	// Method is the method that all its calls are of; "" if they are of several.
	Method string
	// Began is when the message was begun, where its opening says so; else zero. The time that
	// its calls have left counts from then.
	Began time.Time
	// Frames is how many frames Data holds, but for those that open it, and Seqs are their
	// sequence numbers, in order.
	Frames int
	Seqs   []uint64

	mixed bool
	work  time.Duration
	few   [8]uint64 // the first room of Seqs, so that it costs no allocation of its own
}

var (
	lastMessage atomic.Uint64
	messagePool = sync.Pool{New: func() any {
		m := new(Message)
		m.Seqs = m.few[:0]
		return m
	}}
)

// New returns a batcher whose messages go to publish, one at a time and in
// order. The message is publish's until it returns. No message grows beyond maxSize
// bytes by sharing; 0 stands for MaxMessage.
//
// Open begins each message: it appends the message's header to its Data, which is empty, and
// frames about who sends it, if any, and may set Token and Began. Nil: the header alone. It is
// called under the batcher's lock.
func New(maxSize int, open, publish func(*Message)) *Batcher {
	if maxSize <= 0 || maxSize > MaxMessage {
		maxSize = MaxMessage
	}
	if open == nil {
		open = func(m *Message) { m.Data = wire.AppendMessageHeader(m.Data) }
	}
	return &Batcher{open: open, publish: publish, maxSize: maxSize, yield: runtime.Gosched}
}

// Call is what a batcher needs to know of the call in a frame. Of a reply it is zero.
type Call struct {
	// Method is what is called.
	Method string
	// Work is how long the receiver is expected to be busy with it.
	Work time.Duration
	// Deadline is when the call is over. In a message that says when it was begun, the frame
	// says how much time was left then. Zero: the frame's time stands.
	Deadline time.Time
	// Left takes which message the frame is in, before that can leave. May be nil.
	Left *Left
}

// Left is the message in which a call left, or is to leave. It may be read at any time.
type Left struct{ id, token atomic.Uint64 }

// In returns the ID of the message; 0: the call is in none yet.
func (l *Left) In() uint64 { return l.id.Load() }

// Token returns the token of the message; 0: the call is in none yet, or it has none.
func (l *Left) Token() uint64 { return l.token.Load() }

// Set says which message it is.
func (l *Left) Set(id, token uint64) {
	l.token.Store(token)
	l.id.Store(id)
}

// Add queues a frame and sees to it that it leaves. If others is true, other calls are in
// flight, so yielding once may fill the message.
//
// Add may publish other frames as well as its own, and returns without its own being
// sent if another goroutine is the sender.
func (b *Batcher) Add(f *wire.Frame, of Call, others bool) {
	b.mu.Lock()
	m := b.messageForLocked(f, &of)
	m.add(f, &of)
	if of.Left != nil {
		of.Left.Set(m.ID, m.Token)
	}
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
// queue, as it shares its message with no other. Make makes the message's data of its opening.
func (b *Batcher) AddWhole(f *wire.Frame, of Call, make func(opening []byte) []byte) {
	m := b.begin(of.Method)
	of.setTime(f, m)
	opening := m.Data
	m.Data = make(opening)
	m.Frames, m.Seqs = 1, append(m.Seqs, f.Seq)
	if of.Left != nil {
		of.Left.Set(m.ID, m.Token)
	}
	b.frames.Add(1)
	b.messages.Add(1)
	b.publish(m)
	m.Data = opening // the other data are the caller's again
	m.recycle()
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

		b.frames.Add(uint64(m.Frames))
		b.messages.Add(1)
		b.publish(m)
		m.recycle()
	}
}

// messageForLocked returns the message that takes the frame: the last one of the
// queue, or a new one if that is full.
func (b *Batcher) messageForLocked(f *wire.Frame, of *Call) *Message {
	if n := len(b.queue); n > b.head {
		m := b.queue[n-1]
		// In a message of several methods each frame names its own.
		size := f.Size() + len(of.Method)
		if m.Method != of.Method && !m.mixed {
			size += m.Frames * (len(m.Method) + 1)
		}
		if m.work+of.Work <= WorkBudget && len(m.Data)+size <= b.maxSize {
			return m
		}
	}
	m := b.begin(of.Method)
	b.queue = append(b.queue, m)
	return m
}

// begin begins a message.
func (b *Batcher) begin(method string) *Message {
	m := messagePool.Get().(*Message)
	m.ID, m.Token = lastMessage.Add(1), 0
	m.Data, m.Began, m.Method = m.Data[:0], time.Time{}, method
	m.Frames, m.Seqs, m.work, m.mixed = 0, m.Seqs[:0], 0, false
	b.open(m)
	return m
}

// setTime says in a call's frame how much time was left when its message was begun: from then
// on it waits.
func (of *Call) setTime(f *wire.Frame, m *Message) {
	if !m.Began.IsZero() && !of.Deadline.IsZero() {
		f.Time = wire.Milliseconds(of.Deadline.Sub(m.Began))
	}
}

// add appends a frame. The frames of a message whose calls are all of one method
// don't name it, as the subject does; the first call of another method adds the
// names.
func (m *Message) add(f *wire.Frame, of *Call) {
	of.setTime(f, m)
	if m.Method != of.Method && !m.mixed {
		m.nameMethods()
	}
	if m.mixed {
		f.Method = of.Method
	} else {
		f.Method = ""
	}
	m.Data = wire.AppendFrame(m.Data, f)
	m.Frames++
	m.Seqs = append(m.Seqs, f.Seq)
	m.work += of.Work
}

// nameMethods writes the frames again, each with its method.
func (m *Message) nameMethods() {
	old := messagePool.Get().(*Message)
	old.Data = append(old.Data[:0], m.Data...)
	m.Data = wire.AppendMessageHeader(m.Data[:0])
	frames, err := wire.ReadMessage(old.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil {
			if f.Kind == wire.KindCall || f.Kind == wire.KindNotify {
				f.Method = m.Method
			}
			m.Data = wire.AppendFrame(m.Data, &f)
		}
	}
	if err != nil {
		panic("batch: a batcher can't read its own message: " + err.Error())
	}
	old.recycle()
	m.Method, m.mixed = "", true
}

func (m *Message) recycle() {
	if cap(m.Data) <= MaxKept {
		messagePool.Put(m)
	}
}
