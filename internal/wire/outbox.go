package wire

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
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
	// NATS takes by default: making and clearing large buffers costs more than copying
	// what is in them, and what a pool keeps goes with the next garbage collections.
	MaxKept = 1<<20 + 64<<10

	// senderRounds is how many messages a caller sends before a goroutine of the
	// outbox's own takes over: it has a call of its own to wait for.
	senderRounds = 16

	// patience is how often a holder yields, at most, to those who usually add a frame.
	patience = 6
)

// Outbox queues the frames that go to one place and sends them, those that wait at
// the same moment in one message. Nobody waits for company: the goroutine that finds
// the outbox idle becomes its sender and sends at once.
//
//	Add ── idle? ── no ──▶ frame joins the last message of the queue; done
//	         │
//	        yes ─▶ company in flight? yield the processor once
//	               └▶ take the first message, publish it ─┐
//	                  ▲                                    │ until the queue is empty
//	                  └────────────────────────────────────┘
type Outbox struct {
	publish func(*Message)
	maxSize int
	yield   func() // runtime.Gosched, but in tests

	// comeback is which part of those that a holder woke had added a frame by the end of
	// Gather, in percent, on average. It belongs to who has the outbox.
	comeback int

	mu      sync.Mutex
	queue   []*Message // guarded by mu; queue[head:] wait, in the order in which they leave
	head    int        // guarded by mu
	sending bool       // guarded by mu; some goroutine is in send or will be: it has the outbox

	frames   atomic.Uint64
	messages atomic.Uint64
}

// Message is a batch of frames that leave together.
type Message struct {
	// ID tells the messages of a process apart.
	ID uint64
	// Data is the whole payload.
	Data []byte
	// Method is the method that all its calls are of; "" if they are of several.
	Method string
	// Frames is how many frames Data holds.
	Frames int

	mixed bool
	work  time.Duration
}

var (
	lastMessage atomic.Uint64
	messagePool = sync.Pool{New: func() any { return new(Message) }}
)

// NewOutbox returns an outbox whose messages go to publish, one at a time and in
// order. The message is publish's until it returns. No message grows beyond maxSize
// bytes by sharing; 0 stands for MaxMessage.
func NewOutbox(maxSize int, publish func(*Message)) *Outbox {
	if maxSize <= 0 || maxSize > MaxMessage {
		maxSize = MaxMessage
	}
	return &Outbox{publish: publish, maxSize: maxSize, yield: runtime.Gosched}
}

// Add queues a frame and sees to it that it leaves. The method is what the frame
// calls, "" for a reply; work is how long the receiver is expected to be busy with
// it. If company is true, other calls are in flight, so yielding once may fill the
// message. Add stores the ID of the frame's message in id, unless id is nil, before
// the message can leave.
//
// Add may publish other frames as well as its own, and returns without its own being
// sent if another goroutine is the sender.
func (o *Outbox) Add(f *Frame, method string, work time.Duration, company bool, id *atomic.Uint64) {
	o.mu.Lock()
	m := o.messageForLocked(f, method, work)
	m.add(f, method, work)
	if id != nil {
		id.Store(m.ID)
	}
	if o.sending {
		o.mu.Unlock()
		return
	}
	o.sending = true
	o.mu.Unlock()

	if company {
		o.yield()
	}
	o.send(senderRounds)
}

// GoesWhole reports whether a frame should leave by AddWhole. If company is true, other
// calls are in flight.
func GoesWhole(f *Frame, company bool) bool {
	size := f.Size()
	return size >= large || size >= medium && !company
}

// AddWhole is Add for a frame that is a whole message already, without waiting for its
// turn: whose message it is has no use for a queue.
func (o *Outbox) AddWhole(data []byte, method string, id *atomic.Uint64) {
	m := Message{ID: lastMessage.Add(1), Data: data, Method: method, Frames: 1}
	if id != nil {
		id.Store(m.ID)
	}
	o.frames.Add(1)
	o.messages.Add(1)
	o.publish(&m)
}

// Hold keeps frames in the queue until Release, for one who is about to add many, or to
// wake many that may. It returns false, and then Release isn't called, if the outbox isn't
// idle.
func (o *Outbox) Hold() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sending {
		return false
	}
	o.sending = true
	return true
}

// Gather yields the processor to those who were woken while the outbox is held. Where they
// usually add a frame it yields until as many are there, a few times at most: another
// processor may have let the holder go on before they could run.
func (o *Outbox) Gather(woken int) {
	o.yield()
	for range patience - 1 {
		if o.comeback < 50 || o.waiting() >= woken {
			break
		}
		o.yield()
	}
	o.comeback += (100*min(o.waiting(), woken)/max(woken, 1) - o.comeback) / 8
}

// Release ends what Hold began, and sends what has gathered.
func (o *Outbox) Release() { o.send(senderRounds) }

// waiting returns how many frames are in the queue.
func (o *Outbox) waiting() (frames int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range o.queue[o.head:] {
		frames += m.Frames
	}
	return frames
}

// Sent returns how many frames left in how many messages.
func (o *Outbox) Sent() (frames, messages uint64) {
	return o.frames.Load(), o.messages.Load()
}

// send publishes until the queue is empty, or hands over after some rounds.
func (o *Outbox) send(rounds int) {
	for {
		o.mu.Lock()
		if o.head == len(o.queue) {
			o.queue, o.head = o.queue[:0], 0
			o.sending = false
			o.mu.Unlock()
			return
		}
		if rounds == 0 {
			o.mu.Unlock()
			go o.send(-1)
			return
		}
		m := o.queue[o.head]
		o.queue[o.head] = nil
		o.head++
		o.mu.Unlock()
		rounds--

		o.frames.Add(uint64(m.Frames))
		o.messages.Add(1)
		o.publish(m)
		m.recycle()
	}
}

// messageForLocked returns the message that takes the frame: the last one of the
// queue, or a new one if that is full.
func (o *Outbox) messageForLocked(f *Frame, method string, work time.Duration) *Message {
	if n := len(o.queue); n > o.head {
		m := o.queue[n-1]
		// In a message of several methods each frame names its own.
		size := f.Size() + len(method)
		if m.Method != method && !m.mixed {
			size += m.Frames * (len(m.Method) + 1)
		}
		if m.work+work <= WorkBudget && len(m.Data)+size <= o.maxSize {
			return m
		}
	}
	m := messagePool.Get().(*Message)
	m.ID = lastMessage.Add(1)
	m.Data = AppendMessageHeader(m.Data[:0])
	m.Method = method
	m.Frames, m.work, m.mixed = 0, 0, false
	o.queue = append(o.queue, m)
	return m
}

// add appends a frame. The frames of a message whose calls are all of one method
// don't name it, as the subject does; the first call of another method adds the
// names.
func (m *Message) add(f *Frame, method string, work time.Duration) {
	if m.Method != method && !m.mixed {
		m.nameMethods()
	}
	if m.mixed {
		f.Method = method
	} else {
		f.Method = ""
	}
	m.Data = AppendFrame(m.Data, f)
	m.Frames++
	m.work += work
}

// nameMethods writes the frames again, each with its method.
func (m *Message) nameMethods() {
	old := messagePool.Get().(*Message)
	old.Data = append(old.Data[:0], m.Data...)
	m.Data = AppendMessageHeader(m.Data[:0])
	frames, err := ReadMessage(old.Data)
	for err == nil && frames.More() {
		var f Frame
		if err = frames.Next(&f); err == nil {
			f.Method = m.Method
			m.Data = AppendFrame(m.Data, &f)
		}
	}
	if err != nil {
		panic("wire: an outbox can't read its own message: " + err.Error())
	}
	old.recycle()
	m.Method, m.mixed = "", true
}

func (m *Message) recycle() {
	if cap(m.Data) <= MaxKept {
		messagePool.Put(m)
	}
}
