package bus

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/helium-rpc/helium/internal/promptwrite"
)

const (
	// mostAhead is how much of what its socket doesn't take at once a connection keeps before
	// writers wait for the socket, in bytes: a ping comes after all of it, and counts its time.
	mostAhead = 128 << 10
	// mostUnsent is how much a connection keeps at most, while its server seems to be frozen and
	// writers don't wait for it. Memory is taken only while there is something to keep.
	mostUnsent = 8 << 20
	// momentForSocket is how long a socket that is full may take to have room again: the broker is
	// just a bit slower than whoever publishes.
	momentForSocket = 10 * time.Millisecond
	// blockSize is how that memory is cut.
	blockSize = 64 << 10
	// writeTimeout is how long a socket may take nothing before the server behind it counts
	// as frozen.
	writeTimeout = 5 * time.Second
	// fullTimeout is the same where there is no room for more.
	fullTimeout = time.Second
	// stallTimeout is how long it may take nothing before writers wait for it no longer.
	stallTimeout = 100 * time.Millisecond
	// closeTimeout is how long Close waits for a socket to take the rest, and closeStall for
	// one that takes nothing.
	closeTimeout = time.Second
	closeStall   = 100 * time.Millisecond
	// readGrace is how long what came before a failed write may still be read, such as the
	// server's reason.
	readGrace = 250 * time.Millisecond
	// stride is how often a writer that makes no headway looks up.
	stride = 50 * time.Millisecond
)

// An unblockedConn is a connection whose writes don't wait for the other end: nats.go writes
// with its lock in hand, and whoever wants to publish, or only to know whether it is connected,
// would wait along, past any deadline.
//
// What the socket takes at once goes to it at once. The rest is kept, and a goroutine that
// lives as long as there is some brings it there. Who publishes more than the network carries,
// or the server reads, is slowed down as ever; but only while the socket takes some now and
// then. Once it doesn't, writes are only spread out so far that there is room for a second of
// them. A socket that goes on to take nothing breaks the connection: then writes and reads fail,
// and what was kept is dropped, never sent late.
type unblockedConn struct {
	net.Conn // the socket
	// now writes what the socket takes at once, or within a moment. Nil: only the goroutine
	// may write.
	now func([]byte) (n int, err error)
	ear ear // for what the other end says

	mu    sync.Mutex    // guards the fields below
	kept  []*block      // in order
	size  int           // of what is kept
	gone  int           // how many bytes that were kept have been sent
	busy  bool          // the goroutine runs
	last  time.Time     // when some of it was sent, or the first of it came
	moved chan struct{} // closed when some is sent, or the end comes; nil: nobody waits
	err   error         // why nothing more is taken
}

// A block is a piece of what is kept.
type block struct {
	bytes [blockSize]byte
	n     int // how many of them
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// unblocked returns a connection over a socket, whose other end may say nothing for so long once
// a handshake is over; 0: for ever.
func unblocked(socket net.Conn, silence time.Duration) *unblockedConn {
	limitUnsent(socket) // without it more waits in the system
	c := &unblockedConn{Conn: socket, now: promptwrite.Of(socket, momentForSocket)}
	c.ear.limit, c.ear.silent = silence, c.fail
	return c
}

// Write takes b, all of it unless there is an error.
func (c *unblockedConn) Write(b []byte) (taken int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	if c.size == 0 && !c.busy && c.now != nil {
		if taken, err = c.now(b); err != nil {
			c.failLocked(err)
			return taken, err
		}
	}
	if rest := len(b) - taken; rest > 0 {
		c.slowDownLocked(rest)
	}
	for taken < len(b) {
		if c.size == mostUnsent {
			c.awaitLocked(fullTimeout - time.Since(c.last))
		}
		switch {
		case c.err != nil:
			return taken, c.err
		case c.size == mostUnsent:
			c.failLocked(fmt.Errorf("bus: the server took nothing for %v while %d bytes waited for it: %w", fullTimeout, c.size, os.ErrDeadlineExceeded))
			return taken, c.err
		}
		taken += c.keepLocked(b[taken:])
	}
	return taken, nil
}

// slowDownLocked has a writer of n bytes wait if much is kept: for twice as much to go, so that
// what has gathered during a stall gets less; or if nothing goes, a part of fullTimeout, so that
// there is room for that long.
func (c *unblockedConn) slowDownLocked(n int) {
	for enough := c.gone + 2*n; c.size > mostAhead && c.gone < enough && c.err == nil; {
		patience := stallTimeout - time.Since(c.last)
		if patience <= 0 {
			c.awaitLocked(fullTimeout * time.Duration(n) / mostUnsent)
			return
		}
		c.awaitLocked(patience)
	}
}

// keepLocked keeps as much of b as there is room for.
func (c *unblockedConn) keepLocked(b []byte) (n int) {
	b = b[:min(len(b), mostUnsent-c.size)]
	for n < len(b) {
		last := len(c.kept) - 1
		if last < 0 || c.kept[last].n == blockSize {
			c.kept = append(c.kept, blocks.Get().(*block))
			last++
		}
		to := c.kept[last]
		more := copy(to.bytes[to.n:], b[n:])
		to.n += more
		n += more
	}
	c.size += n
	if !c.busy {
		c.busy, c.last = true, time.Now()
		go c.send()
	}
	return n
}

// awaitLocked waits until some of what is kept was sent. It reports false if nothing was for a
// while, or the connection is broken.
func (c *unblockedConn) awaitLocked(patience time.Duration) bool {
	if c.moved == nil {
		c.moved = make(chan struct{})
	}
	moved := c.moved
	c.mu.Unlock()
	timer := time.NewTimer(patience)
	select {
	case <-moved:
	case <-timer.C:
	}
	timer.Stop()
	c.mu.Lock()
	select {
	case <-moved:
		return c.err == nil
	default:
		return false
	}
}

func (c *unblockedConn) movedLocked() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// send brings what is kept to the socket, until there is none.
func (c *unblockedConn) send() {
	for {
		c.mu.Lock()
		if len(c.kept) == 0 || c.err != nil {
			_ = c.Conn.SetWriteDeadline(time.Time{})
			c.busy, c.kept = false, nil
			c.mu.Unlock()
			return
		}
		next := c.kept[0]
		c.kept = c.kept[1:] // it gets no more while it is being sent
		c.mu.Unlock()
		for rest := next.bytes[:next.n]; len(rest) > 0; {
			_ = c.Conn.SetWriteDeadline(time.Now().Add(stride))
			n, err := c.Conn.Write(rest)
			rest = rest[n:]
			if !c.sent(n, err) {
				break
			}
		}
		next.n = 0
		blocks.Put(next)
	}
}

// sent takes in what came of a write to the socket, and reports whether there may be another
// one.
func (c *unblockedConn) sent(n int, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		c.size -= n
		c.gone += n
		c.last = time.Now()
		c.movedLocked()
	}
	switch waited := errors.Is(err, os.ErrDeadlineExceeded); {
	case err == nil, waited && time.Since(c.last) < writeTimeout:
	case waited:
		c.failLocked(fmt.Errorf("bus: the server took nothing for %v: %w", writeTimeout, err))
	default:
		c.failLocked(err)
	}
	return c.err == nil
}

// fail breaks the connection.
func (c *unblockedConn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

// failLocked breaks the connection. What the other end has said before can still be read for a
// moment.
func (c *unblockedConn) failLocked(err error) {
	if c.err != nil {
		return
	}
	c.err = err
	_ = c.Conn.SetReadDeadline(time.Now().Add(readGrace))
	c.movedLocked()
}

// Read implements net.Conn. Of a connection that a write has broken it says why.
func (c *unblockedConn) Read(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	if n > 0 {
		c.ear.hear()
	}
	if err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil {
			err = c.err
		}
	}
	return n, err
}

// Close gives a socket that takes something a moment to take what is kept.
func (c *unblockedConn) Close() error {
	c.ear.stop()
	c.mu.Lock()
	for limit := time.Now().Add(closeTimeout); c.size > 0 && c.err == nil && time.Now().Before(limit); {
		if !c.awaitLocked(closeStall - time.Since(c.last)) {
			break
		}
	}
	if c.err == nil {
		c.failLocked(net.ErrClosed)
	}
	c.mu.Unlock()
	return c.Conn.Close()
}

// SetDeadline implements net.Conn; writes need none. nats.go has one for its handshake alone, and
// pings from then on.
func (c *unblockedConn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.ear.listen()
	}
	return c.SetReadDeadline(t)
}

// SetWriteDeadline implements net.Conn; writes need none.
func (c *unblockedConn) SetWriteDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.Conn.
func (c *unblockedConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil // it has its last one
	}
	return c.Conn.SetReadDeadline(t)
}
