package rpcserver

import (
	"sync"
	"testing"

	"github.com/helium-rpc/helium/internal/link"
	"github.com/helium-rpc/helium/internal/wire"
)

// memoryLink is a link without a bus: a test hands messages in and takes the answers out.
type memoryLink struct {
	t    *testing.T
	from link.Caller
	come chan link.Incoming
	max  int // the size of the largest message

	mu      sync.Mutex
	answers [][]wire.Frame // guarded by mu; message by message
	to      []string       // guarded by mu; where these went
	beats   [][]wire.Frame // guarded by mu; message by message
	sign    uint64         // guarded by mu; of the latest of them
}

func newMemoryLink(t *testing.T) *memoryLink {
	return &memoryLink{t: t, from: link.Caller{Key: "memory"}, come: make(chan link.Incoming, 100), max: wire.UsualPayload}
}

func (l *memoryLink) Receive() (link.Incoming, bool) {
	in, ok := <-l.come
	return in, ok
}

func (l *memoryLink) Waiting() bool   { return len(l.come) > 0 }
func (l *memoryLink) MaxMessage() int { return l.max }
func (l *memoryLink) Close()          { close(l.come) }

func (l *memoryLink) Answer(out *link.Outgoing) {
	if out.To.Key != l.from.Key {
		l.t.Errorf("an answer goes to %q, want %q", out.To.Key, l.from.Key)
	}
	if size := len(out.Message.Data); size > l.max {
		l.t.Errorf("a message of answers has %d bytes, want %d at most", size, l.max)
	}
	answers := l.read(out.Message.Data)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers, l.to = append(l.answers, answers), append(l.to, out.To.Address)
}

// read returns the frames of a message that was sent.
// answered returns how many answers wait to be looked at.
func (l *memoryLink) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.answers)
}

func (l *memoryLink) read(data []byte) (all []wire.Frame) {
	frames, err := wire.ReadMessage(append([]byte(nil), data...))
	for err == nil && frames.More() {
		var f wire.Frame
		if err = frames.Next(&f); err == nil {
			all = append(all, f)
		}
	}
	if err != nil {
		l.t.Errorf("a message is broken: %v", err)
	}
	return all
}

func (l *memoryLink) Beat(to link.Caller, sign uint64, data []byte) bool {
	if to.Key != l.from.Key {
		l.t.Errorf("a heartbeat goes to %q, want %q", to.Key, l.from.Key)
	}
	beat := l.read(data)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beats, l.sign = append(l.beats, beat), sign
	return true
}

// signed returns the sign of the latest heartbeat.
func (l *memoryLink) signed() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sign
}

// heard returns the heartbeats since the last time.
func (l *memoryLink) heard() (beats [][]wire.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	beats, l.beats = l.beats, nil
	return beats
}

// hand hands in a message of frames for math.add.
func (l *memoryLink) hand(frames ...wire.Frame) {
	data := wire.AppendMessageHeader(nil)
	for i := range frames {
		data = wire.AppendFrame(data, &frames[i])
	}
	l.come <- link.Incoming{Data: data, From: l.from, Service: "math", Method: "add"}
}

// call hands in a message of the calls add(2, 3) of these numbers.
func (l *memoryLink) call(seqs ...uint64) {
	frames := make([]wire.Frame, len(seqs))
	for i, seq := range seqs {
		frames[i] = callOf(seq)
	}
	l.hand(frames...)
}

// take returns the answers since the last time, message by message.
func (l *memoryLink) take() (messages [][]wire.Frame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	messages, l.answers = l.answers, nil
	return messages
}

// taken returns the numbers of the calls that were answered since the last time.
func (l *memoryLink) taken() (messages [][]uint64) {
	for _, frames := range l.take() {
		var seqs []uint64
		for _, f := range frames {
			if f.Kind != wire.KindInstance {
				seqs = append(seqs, f.Seq)
			}
		}
		messages = append(messages, seqs)
	}
	return messages
}
