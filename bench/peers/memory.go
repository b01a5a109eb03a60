package peers

import (
	"net"
	"sync"
)

// wholeConn is a connection whose writes stay whole, as those to a socket do. In
// memory, one that is larger than the buffer would let another in between.
type wholeConn struct {
	net.Conn
	mu sync.Mutex // held during a write
}

func whole(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &wholeConn{Conn: conn}, nil
}

func (c *wholeConn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Conn.Write(b)
}

// wholeListener accepts such connections.
type wholeListener struct{ net.Listener }

func (l wholeListener) Accept() (net.Conn, error) { return whole(l.Listener.Accept()) }
