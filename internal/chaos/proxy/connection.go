package proxy

import (
	"net"
	"sync"
)

// connection is one connection through a proxy: that of whoever connected, outside, and one to
// the target, inside.
type connection struct {
	outside, inside net.Conn
	weather         *weather
	rewriter        Rewriter // of what the outside sends; nil: none

	end     chan struct{} // closed when it is cut
	cutting sync.Once

	mu   sync.Mutex
	half bool // guarded by mu; the inside is closed, and the outside isn't told
}

func newConnection(outside, inside net.Conn, w *weather) *connection {
	return &connection{outside: outside, inside: inside, weather: w, end: make(chan struct{})}
}

// serve forwards both ways until both have ended or one has broken.
func (c *connection) serve() {
	var both sync.WaitGroup
	for _, p := range []*pipe{
		{from: c.outside, to: c.inside, inward: true, rewriter: c.rewriter},
		{from: c.inside, to: c.outside},
	} {
		p.weather, p.chunks, p.cut = c.weather, make(chan chunk, mostChunks), c.end
		both.Go(func() {
			if !p.forward() && !c.isHalf() {
				c.cut()
			}
		})
	}
	both.Wait()
	if c.isHalf() {
		<-c.end
	}
	c.cut()
}

func (c *connection) isHalf() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.half
}

// halfOpen closes the inside alone.
func (c *connection) halfOpen() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.half = true
	reset(c.inside)
}

// cut breaks both ends.
func (c *connection) cut() {
	c.cutting.Do(func() {
		close(c.end)
		reset(c.outside)
		reset(c.inside)
	})
}

// reset closes a connection so that the other end gets an error and what is under way is lost,
// as when a process dies.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails only on a connection that is closed
	}
	_ = conn.Close()
}
