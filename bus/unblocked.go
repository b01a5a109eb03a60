package bus

import (
	"fmt"
	"net"
	"os"
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
	// writeTimeout is how long a socket may take nothing before the server behind it counts
	// as frozen.
	writeTimeout = 5 * time.Second
	// fullTimeout is the same where there is no room for more.
	fullTimeout = time.Second
	// stallTimeout is how long it may take nothing before writers wait for it no longer.
	stallTimeout = 100 * time.Millisecond
)

// An unblockedConn is a connection whose writes don't wait for the other end: nats.go writes
// with its lock in hand, and whoever wants to publish, or only to know whether it is connected,
// would wait along, past any deadline.
//
// Who publishes more than the network carries, or the server reads, is slowed down as ever; but only
// while the socket takes some now and then. Once it doesn't, writes are only spread out so far that
// there is room for a second of them. A socket that goes on to take nothing breaks the connection.
type unblockedConn struct {
	*promptwrite.Conn
	ear      ear // for what the other end says
	farewell farewell
}

// unblocked returns a connection over a socket, whose other end may say nothing for so long once
// a handshake is over; 0: for ever.
func unblocked(socket net.Conn, silence time.Duration) *unblockedConn {
	limitUnsent(socket) // without it more waits in the system
	c := &unblockedConn{Conn: promptwrite.New(socket, momentForSocket, writeTimeout)}
	c.ear.limit, c.ear.silent = silence, c.Fail
	return c
}

// Write takes b, all of it unless there is an error.
func (c *unblockedConn) Write(b []byte) (taken int, err error) {
	if taken, err = c.Now(b); err != nil || taken == len(b) {
		return taken, err
	}
	c.slowDown(len(b) - taken)
	for taken < len(b) {
		if kept, _ := c.Kept(); kept == mostUnsent {
			c.Await(fullTimeout - c.Stalled())
		}
		n := c.Keep(b[taken:], mostUnsent)
		if n == 0 {
			c.Fail(fmt.Errorf("bus: the server took nothing for %v while %d bytes waited for it: %w", fullTimeout, mostUnsent, os.ErrDeadlineExceeded))
			return taken, c.Err() // which may be another one
		}
		taken += n
	}
	return taken, nil
}

// slowDown has a writer of n bytes wait if much is kept: for twice as much to go, so that what has
// gathered during a stall gets less; or if nothing goes, a part of fullTimeout, so that there is room
// for that long.
func (c *unblockedConn) slowDown(n int) {
	kept, gone := c.Kept()
	for enough := gone + 2*n; kept > mostAhead && gone < enough && c.Err() == nil; kept, gone = c.Kept() {
		patience := stallTimeout - c.Stalled()
		if patience <= 0 {
			c.Await(fullTimeout * time.Duration(n) / mostUnsent)
			return
		}
		c.Await(patience)
	}
}

// Read implements net.Conn.
func (c *unblockedConn) Read(b []byte) (n int, err error) {
	return c.farewell.read(c.hear, b)
}

func (c *unblockedConn) hear(b []byte) (n int, err error) {
	n, err = c.Conn.Read(b)
	if n > 0 {
		c.ear.hear()
	}
	return n, err
}

// Close implements net.Conn.
func (c *unblockedConn) Close() error {
	c.ear.stop()
	return c.Conn.Close()
}

// SetDeadline implements net.Conn; writes need none. nats.go has one for its handshake alone, and
// pings from then on.
func (c *unblockedConn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		c.ear.listen()
	}
	return c.Conn.SetDeadline(t)
}
