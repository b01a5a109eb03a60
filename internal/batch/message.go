package batch

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/wire"
)

// MaxMessage is the size, in bytes, past which a message takes no further frame.
const MaxMessage = 64 << 10

// MaxKept is the size, in bytes, up to which buffers are used again. It is what
// NATS takes by default, and room to grow: making and clearing large buffers costs more
// than copying what is in them, and what a pool keeps goes with the next garbage
// collections.
const MaxKept = wire.UsualPayload + MaxMessage

const (
	// headroom is what is free in front of a message, in bytes: links put their heads there. firstRoom
	// is how much memory a message has at first.
	headroom  = 96
	firstRoom = 512
)

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
	// Whole: it is one frame that leaves past the queue, so other messages may be published meanwhile.
	Whole bool
	// Anyone: some call in it is for whoever takes it; see Call.
	Anyone bool

	// Data stand in memory[front:], and what is in front of them is free: see Behind. Where they have
	// outgrown it they don't, and memory of a message that is made whole may be another's.
	memory []byte
	front  int

	mixed     bool
	apart     bool // it takes no further frame
	work      time.Duration
	withdrawn []uint64  // the numbers of frames that aren't to leave
	few       [8]uint64 // the first room of Seqs, so that it costs no allocation of its own
}

var (
	lastMessage atomic.Uint64
	messagePool = sync.Pool{New: func() any {
		m := new(Message)
		m.Seqs = m.few[:0]
		return m
	}}
)

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
	// Apart: the frame is to share its message with no other.
	Apart bool
	// Anyone: the call isn't to be addressed to one of several instances that could take it.
	Anyone bool
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
	m.Anyone = m.Anyone || of.Anyone
}

// nameMethods writes the frames again, each with its method.
func (m *Message) nameMethods() {
	m.rewrite(func(f *wire.Frame) bool {
		if f.Kind == wire.KindCall || f.Kind == wire.KindNotify {
			f.Method = m.Method
		}
		return true
	})
	m.Method, m.mixed = "", true
}

// rewrite writes the frames again as edit leaves them, but for those of which it returns false.
func (m *Message) rewrite(edit func(*wire.Frame) bool) {
	old := messagePool.Get().(*Message)
	old.lay()
	old.Data = append(old.Data, m.Data...)
	m.Data = wire.AppendMessageHeader(m.Data[:0])
	frames, err := wire.ReadMessage(old.Data)
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil && edit(&f) {
			m.Data = wire.AppendFrame(m.Data, &f)
		}
	}
	if err != nil {
		panic("batch: a batcher can't read its own message: " + err.Error())
	}
	old.recycle()
}

// Behind returns a head and the message behind it in one piece, in the message's own memory; nil: that
// has no room for it.
func (m *Message) Behind(head []byte) []byte {
	begin := m.front - len(head)
	if begin < 0 || len(m.Data) == 0 || m.front >= cap(m.memory) {
		return nil
	}
	whole := m.memory[begin:cap(m.memory)]
	if len(whole) < len(head)+len(m.Data) || &whole[len(head)] != &m.Data[0] {
		return nil // it has outgrown its memory
	}
	copy(whole, head)
	return whole[:len(head)+len(m.Data)]
}

// made has the message be what a [Maker] has made.
func (m *Message) made(memory []byte, begin int) {
	m.memory, m.front, m.Data = memory, begin, memory[begin:]
}

// lay has the message's data, which are empty, begin in its memory, behind room for a head.
func (m *Message) lay() {
	if cap(m.memory) < firstRoom {
		m.memory = make([]byte, firstRoom)
	}
	m.front = headroom
	m.Data = m.memory[headroom:headroom]
}

// recycle gives the message back.
func (m *Message) recycle() {
	if m.settle(); cap(m.memory) <= MaxKept {
		messagePool.Put(m)
	}
}

// settle keeps the larger memory of that which the data had and that which they have.
func (m *Message) settle() {
	if cap(m.Data) > cap(m.memory) {
		m.memory = m.Data
	}
	m.Data = nil
}

// withdraw takes out of the message what isn't to leave, and reports whether any frame is left.
func (m *Message) withdraw() bool {
	if len(m.withdrawn) >= m.Frames {
		return false
	}
	gone := make(map[uint64]bool, len(m.withdrawn))
	for _, seq := range m.withdrawn {
		gone[seq] = true
	}
	m.rewrite(func(f *wire.Frame) bool { return !isNumbered(f.Kind) || !gone[f.Seq] })
	m.Seqs = slices.DeleteFunc(m.Seqs, func(seq uint64) bool { return gone[seq] })
	m.Frames = len(m.Seqs)
	return true
}

// isNumbered reports whether the number of such a frame is that of a call, which may be withdrawn. In one that opens a
// message it means something else.
func isNumbered(kind wire.Kind) bool {
	return kind == wire.KindCall || kind == wire.KindStream || kind == wire.KindLargeCall || kind == wire.KindLargeStream
}
