package direct

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/helium-rpc/helium/internal/batch"
)

const (
	// clogged is how much a client's connection keeps, in bytes, before no more calls go by it.
	clogged = 32 << 20
	// mostCopied is how long a message may be, in bytes, that is copied behind its head. Of longer
	// ones only the beginning is, so that whoever reads may begin with it.
	mostCopied = 64 << 10
	beginning  = 4 << 10
)

// conn is an open connection, as both ends have it. One goroutine reads; everybody writes.
type conn struct {
	socket  net.Conn // encrypts, or is raw
	raw     rawConn
	session session
	reader  reader
	heard   atomic.Uint64 // counts what was read, in bytes

	mu    sync.Mutex
	out   []byte // guarded by mu; what is written next
	wrote uint64 // guarded by mu; what was written, in bytes
	done  bool   // guarded by mu; no more calls are written
}

// rawConn carries bytes. Its writes don't wait for the other end.
type rawConn interface {
	net.Conn
	// Unsent returns how many bytes wait for the other end to take them.
	Unsent() int
}

// newConn returns a connection that is about to open.
func newConn(raw rawConn) *conn {
	c := &conn{raw: raw, socket: raw}
	c.reader.from = readsOf{c}
	return c
}

// readsOf reads from a connection and counts it.
type readsOf struct{ *conn }

func (r readsOf) Read(b []byte) (int, error) {
	n, err := r.socket.Read(b)
	r.heard.Add(uint64(n))
	return n, err
}

// errClogged is the error of a message that isn't written as the other end takes none.
var errClogged = errors.New("the other end doesn't take what was sent before")

// errLeaving is the error of a message that isn't written as the connection is about to end.
var errLeaving = errors.New("the connection is about to end")

// write writes a frame with its message, whole or, with an error, perhaps in part. It doesn't wait
// for the other end.
func (c *conn) write(f *frame, message []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeLocked(f, message)
}

// writeMessage is write for a message that may have room for the frame's head.
func (c *conn) writeMessage(f *frame, m *batch.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writeMessageLocked(f, m)
}

func (c *conn) writeMessageLocked(f *frame, m *batch.Message) error {
	c.out = appendFrame(c.out[:0], f, len(m.Data))
	whole := m.Behind(c.out)
	if whole == nil {
		return c.writeLocked(f, m.Data)
	}
	c.wrote += uint64(len(whole))
	_, err := c.socket.Write(whole)
	return err
}

// writeCalls is writeMessage for calls, which aren't written at all where the error is errClogged or
// errLeaving.
func (c *conn) writeCalls(f *frame, m *batch.Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.done:
		return errLeaving
	case c.raw.Unsent() > clogged:
		return errClogged
	}
	return c.writeMessageLocked(f, m)
}

func (c *conn) writeLocked(f *frame, message []byte) error {
	c.out = appendFrame(c.out[:0], f, len(message))
	c.wrote += uint64(len(c.out) + len(message))
	rest := message
	if len(message) > mostCopied {
		c.out, rest = append(c.out, message[:beginning]...), message[beginning:]
	} else {
		c.out, rest = append(c.out, message...), nil
	}
	_, err := c.socket.Write(c.out)
	if err == nil && rest != nil {
		_, err = c.socket.Write(rest)
	}
	return err
}

// written returns how much was written, in bytes.
func (c *conn) written() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wrote
}

// goodbye says that no more calls come, and sees to that.
func (c *conn) goodbye() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.done = true
		_ = c.writeLocked(&frame{kind: kindGoodbye}, nil) // if it fails, the connection ends at once
	}
}

// retire has no more calls be written, unless some are in flight. It reports false if some are: who
// counts calls does so before they are written, so none is overlooked.
func (c *conn) retire(busy func() bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if busy() {
		return false
	}
	c.done = true
	return true
}

// within bounds how long opening takes.
func (c *conn) within(limit time.Duration) { _ = c.raw.SetReadDeadline(time.Now().Add(limit)) }

// unlimited ends that.
func (c *conn) unlimited() { _ = c.raw.SetReadDeadline(time.Time{}) }

// encrypted reports whether what is sent is.
func (c *conn) encrypted() bool { return c.socket != net.Conn(c.raw) }

// close gives what was written a moment to leave, and ends the connection.
func (c *conn) close() { _ = c.raw.Close() }

// why explains why a connection ended.
func why(err error) string {
	if errors.Is(err, net.ErrClosed) {
		return "it was closed"
	}
	return fmt.Sprint(err)
}
