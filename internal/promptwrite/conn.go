package promptwrite

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// closeTime is how long Close waits for a socket to take the rest, and closeStall for one that
	// takes nothing.
	closeTime  = time.Second
	closeStall = 100 * time.Millisecond
	// readGrace is for how long what came before a failed write may still be read, such as the other
	// end's reason.
	readGrace = 250 * time.Millisecond
	// stride is how often a write that makes no headway looks up.
	stride = 50 * time.Millisecond
	// blockSize is how the memory for what is kept is cut, in bytes.
	blockSize = 64 << 10
)

// Conn is a socket that keeps what the other end doesn't take at once:
//
//	Now ─▶ the socket, what it takes within a moment
//	Keep ─▶ blocks ─▶ a goroutine that lives as long as there are some ─▶ the socket
//
// How much is kept, and who waits for that to become less, is for who writes to decide; one goroutine
// at a time does. A socket that takes nothing for a while breaks the connection: then writes and reads
// fail, and what was kept is dropped, never sent late.
type Conn struct {
	net.Conn
	now   func([]byte) (n int, err error) // nil: only the goroutine may write
	stall time.Duration

	mu    sync.Mutex    // guards the fields below
	total *Total        // in which what is kept counts; nil: in none
	kept  []*block      // in order
	size  int           // of what is kept, and of what the goroutine has taken and not written
	gone  int           // how many bytes that were kept have been sent
	busy  bool          // the goroutine runs
	last  time.Time     // when some of it was sent, or the first of it came
	moved chan struct{} // closed when some is sent, or the end comes; nil: nobody waits
	err   error         // why nothing more is taken
}

// block is a piece of what is kept.
type block struct {
	bytes [blockSize]byte
	n     int // how many of them
}

var blocks = sync.Pool{New: func() any { return new(block) }}

// New returns a connection over a socket, which may be full for a moment before something is kept, and
// take nothing of that for as long as stall.
func New(socket net.Conn, moment, stall time.Duration) *Conn {
	return &Conn{Conn: socket, now: Of(socket, moment), stall: stall}
}

// In returns c, once what it keeps counts in a total. Nothing may have been written.
func (c *Conn) In(total *Total) *Conn {
	c.total = total
	return c
}

// Now writes what the socket takes within a moment, unless something is kept, which comes first.
func (c *Conn) Now(b []byte) (taken int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	if !c.busy && c.now != nil {
		if taken, err = c.now(b); err != nil {
			c.failLocked(err)
		}
	}
	return taken, err
}

// Keep keeps as much of b as leaves no more than most bytes kept, and returns how much that is.
func (c *Conn) Keep(b []byte, most int) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0
	}
	b = b[:max(0, min(len(b), most-c.size))]
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
	c.countLocked(n)
	if !c.busy && n > 0 {
		c.busy, c.last = true, time.Now()
		go c.send()
	}
	return n
}

// countLocked takes note of so many bytes more that are kept, or fewer.
func (c *Conn) countLocked(more int) {
	before := c.size
	c.size += more
	if c.total != nil {
		c.total.count(before, c.size)
	}
}

// Kept returns how many bytes wait for the socket, and how many that were kept have been sent so far.
func (c *Conn) Kept() (waiting, sent int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size, c.gone
}

// Stalled returns for how long the socket has taken nothing of what is kept.
func (c *Conn) Stalled() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.last)
}

// Await waits until some of what is kept was sent. It reports false if nothing was for a while, or the
// connection is broken.
func (c *Conn) Await(patience time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.awaitLocked(patience)
}

func (c *Conn) awaitLocked(patience time.Duration) bool {
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

func (c *Conn) movedLocked() {
	if c.moved != nil {
		close(c.moved)
		c.moved = nil
	}
}

// send brings what is kept to the socket, until there is none.
func (c *Conn) send() {
	for {
		c.mu.Lock()
		if len(c.kept) == 0 || c.err != nil {
			_ = c.Conn.SetWriteDeadline(time.Time{})
			c.countLocked(-c.size) // what a broken connection kept isn't any more
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

// sent takes in what came of a write to the socket, and reports whether there may be another one.
func (c *Conn) sent(n int, err error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n > 0 {
		c.countLocked(-n)
		c.gone += n
		c.last = time.Now()
		c.movedLocked()
	}
	switch waited := errors.Is(err, os.ErrDeadlineExceeded); {
	case err == nil, waited && time.Since(c.last) < c.stall:
	case waited:
		c.failLocked(fmt.Errorf("the other end took nothing for %v: %w", c.stall, err))
	default:
		c.failLocked(err)
	}
	return c.err == nil
}

// Fail breaks the connection. What the other end has said before can still be read for a moment.
func (c *Conn) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failLocked(err)
}

func (c *Conn) failLocked(err error) {
	if c.err == nil {
		c.err = err
		_ = c.Conn.SetReadDeadline(time.Now().Add(readGrace))
		c.movedLocked()
	}
}

// Err returns why the connection is broken; nil: it isn't.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Read implements net.Conn. Of a connection that a write has broken it says why.
func (c *Conn) Read(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	if err != nil {
		if why := c.Err(); why != nil {
			err = why
		}
	}
	return n, err
}

// Close gives a socket that takes something a moment to take what is kept.
func (c *Conn) Close() error {
	c.mu.Lock()
	for limit := time.Now().Add(closeTime); c.size > 0 && c.err == nil && time.Now().Before(limit); {
		if !c.awaitLocked(closeStall - time.Since(c.last)) {
			break
		}
	}
	c.failLocked(net.ErrClosed)
	c.mu.Unlock()
	return c.Conn.Close()
}

// SetReadDeadline implements net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil // it has its last one
	}
	return c.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn; writes need none.
func (c *Conn) SetDeadline(t time.Time) error { return c.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn; writes need none.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
