package direct

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipe is a connection within a program: what is written at one end is queued for the other.
// Writes don't wait.
func pipe() (a, b rawConn) {
	one, two := newQueue(), newQueue()
	return &pipeEnd{reads: one, writes: two}, &pipeEnd{reads: two, writes: one}
}

// queue is what was written at one end and not read at the other.
type queue struct {
	mu       sync.Mutex
	come     sync.Cond   // told of bytes, of the end, and of a deadline that has passed
	bytes    []byte      // guarded by mu; bytes[read:] wait
	read     int         // guarded by mu
	ended    error       // guarded by mu; what reads get behind the rest; nil: it goes on
	deadline *time.Timer // guarded by mu; of reads; nil: none
	late     bool        // guarded by mu; it has passed
}

func newQueue() *queue {
	q := new(queue)
	q.come.L = &q.mu
	return q
}

// maxQueue is how much memory a queue that is empty keeps, in bytes.
const maxQueue = 256 << 10

var errFull = errors.New("the other end doesn't read")

func (q *queue) put(b []byte) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.ended != nil:
		return net.ErrClosed
	case len(q.bytes)-q.read+len(b) > mostUnsent:
		return errFull
	case q.read > 0 && len(q.bytes)+len(b) > cap(q.bytes):
		n := copy(q.bytes, q.bytes[q.read:])
		q.bytes, q.read = q.bytes[:n], 0
	}
	q.bytes = append(q.bytes, b...)
	q.come.Signal()
	return nil
}

func (q *queue) take(b []byte) (n int, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.read == len(q.bytes) {
		switch {
		case q.ended != nil:
			return 0, q.ended
		case q.late:
			return 0, os.ErrDeadlineExceeded
		}
		q.come.Wait()
	}
	n = copy(b, q.bytes[q.read:])
	if q.read += n; q.read == len(q.bytes) {
		q.bytes, q.read = q.bytes[:0], 0
		if cap(q.bytes) > maxQueue {
			q.bytes = nil
		}
	}
	return n, nil
}

// end has nothing more be written. Reads get that error once all that was written is read.
func (q *queue) end(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended == nil {
		q.ended = err
	}
	if q.deadline != nil {
		q.deadline.Stop()
	}
	q.come.Broadcast()
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.bytes) - q.read
}

func (q *queue) setDeadline(t time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.deadline != nil {
		q.deadline.Stop()
		q.deadline = nil
	}
	q.late = false
	if t.IsZero() || q.ended != nil {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.deadline == timer {
			q.late = true
			q.come.Broadcast()
		}
	})
	q.deadline = timer
}

// pipeEnd is one end of a pipe.
type pipeEnd struct{ reads, writes *queue }

func (p *pipeEnd) Read(b []byte) (int, error) { return p.reads.take(b) }

// Write takes all of b, or breaks the connection: what comes next wouldn't stand behind what it has to.
func (p *pipeEnd) Write(b []byte) (int, error) {
	if err := p.writes.put(b); err != nil {
		p.reads.end(err)
		p.writes.end(io.EOF)
		return 0, err
	}
	return len(b), nil
}

// Close ends both directions. What was written can still be read.
func (p *pipeEnd) Close() error {
	p.reads.end(io.EOF)
	p.writes.end(io.EOF)
	return nil
}

func (p *pipeEnd) Unsent() int { return p.writes.size() }

func (p *pipeEnd) SetDeadline(t time.Time) error     { return p.SetReadDeadline(t) }
func (p *pipeEnd) SetWriteDeadline(time.Time) error  { return nil }
func (p *pipeEnd) SetReadDeadline(t time.Time) error { p.reads.setDeadline(t); return nil }
func (p *pipeEnd) LocalAddr() net.Addr               { return pipeAddress{} }
func (p *pipeEnd) RemoteAddr() net.Addr              { return pipeAddress{} }

type pipeAddress struct{}

func (pipeAddress) Network() string { return "memory" }
func (pipeAddress) String() string  { return "this process" }
